#pragma once
// LoginFlow: the questions a terminal is asked until it plays: name, password (hidden), character.
// A state machine over lines; answers of the backend come back by calls. All its output is private.
// A client may sign in by a message instead (gw/login.h) while the questions stand; the same checks and
// limits apply, and the questions go on if it fails.
//
// Thread: its stream's loop. Owned by the attachment; gone once the session is Playing.

#include <cstdint>
#include <string>
#include <vector>

#include "gw/login.h"
#include "session/backend_port.h"

namespace gw::session {

class Attachment;
class SessionManager;

class LoginFlow {
 public:
  LoginFlow(SessionManager& manager, Attachment& attachment);

  /// Welcome and the first question.
  void start();
  void onLine(std::string line);
  /// A sign-in by message, beside the questions; statuses as gw_host_login.sign_in.
  gw_status onSignIn(const gw_sign_in& wish);
  void authenticated(Result<Identity> result);
  void authenticatedByToken(Result<TokenSignIn> result);
  void listed(Result<std::vector<Character>> result);
  void created(Result<Character> result);
  void entered(const Error* error);  // null: Playing
  bool isWaiting() const { return step_ == Step::kWaiting; }

 private:
  enum class Step {
    kName,
    kPassword,
    kNewName,
    kNewPassword,
    kRepeatPassword,
    kCharacter,
    kNewCharacter,
    kWaiting,
  };
  void say(std::string text);
  void ask(Step step, std::string prompt, bool hidden = false);
  void askName();
  void onName(const std::string& name);
  void onNewName(const std::string& name);
  void onPassword(std::string password);
  void onNewPassword(std::string password);
  void onRepeatedPassword(std::string password);
  void onCharacter(const std::string& choice);
  void submitCredentials(bool isNew, std::string password);
  void signInByToken(std::string name, std::string token);
  void refuse(const Error& error);
  void tellVerdict(const Error& error);
  bool wantsToken() const;
  void offerToken();
  void tellToken(std::string token);
  void chooseCharacter();
  void kick();

  SessionManager& manager_;
  Attachment& attachment_;
  Step step_ = Step::kName;
  Step afterWait_ = Step::kName;
  bool echoIsOff_ = false;
  bool isNew_ = false;
  bool isSignIn_ = false;          // what is being checked came as a message
  bool clientWantsToken_ = false;  // it will keep a token for the next time
  int failures_ = 0;
  std::string name_;
  std::string firstPassword_;
  std::string nextToken_;
  std::vector<Character> characters_;
};

}  // namespace gw::session
