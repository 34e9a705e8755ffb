// Backend calls before Playing. A backend answers on its own thread; the answer is posted to this loop
// and reaches its session if that is still there.

#include "session/backend_port.h"
#include "session/login_flow.h"
#include "session/session_manager.h"

namespace gw::session {
namespace {

// As long as a client of gateway.v1 may make them.
constexpr size_t kMaxAccountBytes = 256;
constexpr size_t kMaxSecretBytes = 1024;

/// Wraps a continuation on a session of this loop as a backend's reply. Without one: it ended meanwhile.
template <typename T, typename Then>
Reply<T> toSession(SessionManager& manager, const SessionId& id, Then then) {
  return [&manager, id, then = std::move(then)](Result<T> result) mutable {
    manager.loop().post([&manager, id, result = std::move(result), then = std::move(then)]() mutable {
      Session* session = manager.find(id);
      then(session, session ? std::move(result) : Result<T>(sessionGone()));
    });
  };
}

Error backendDown() { return fail(ErrorCode::kUnavailable, "the game is not available at the moment; try again soon"); }

}  // namespace

void SessionManager::login(Session& session, LoginKind kind, Credentials credentials, IdentityThen then) {
  if (!services_.backend || !services_.backend->isUp()) return then(&session, backendDown());
  if (session.state() != State::kAuthenticating)
    return then(&session, fail(ErrorCode::kConflict, "you are logged in already", "alreadyAuthenticated"));
  credentials.session = session.id();
  auto reply = toSession<Identity>(*this, session.id(),
                                   [this, then = std::move(then)](Session* back, Result<Identity> result) mutable {
                                     if (result) {
                                       if (auto in = admitUser(*back, *result); !in) return then(back, in.error());
                                     }
                                     then(back, std::move(result));
                                   });
  switch (kind) {
    case LoginKind::kPassword:
      return backend()->authenticate(std::move(credentials), std::move(reply));
    case LoginKind::kRegister:
      return backend()->registerUser(std::move(credentials), std::move(reply));
    case LoginKind::kGuest:
      return backend()->guest(std::move(credentials), std::move(reply));
  }
}

void SessionManager::loginByToken(Session& session, TokenCredentials credentials, TokenThen then) {
  if (!services_.backend || !services_.backend->isUp()) return then(&session, backendDown());
  backend()->signInByToken(
      std::move(credentials),
      toSession<TokenSignIn>(*this, session.id(),
                             [this, then = std::move(then)](Session* back, Result<TokenSignIn> result) mutable {
                               if (result) {
                                 if (auto in = admitUser(*back, result->user); !in) return then(back, in.error());
                               }
                               then(back, std::move(result));
                             }));
}

void SessionManager::issueToken(Session& session, UniqueFunction<void(Session*, Result<std::string>)> then) {
  if (!services_.backend || !services_.backend->isUp()) return then(&session, backendDown());
  backend()->issueToken(session.user.userId, toSession<std::string>(*this, session.id(), std::move(then)));
}

// Whoever the backend vouches for, by whatever they showed.
Result<void> SessionManager::admitUser(Session& session, const Identity& user) {
  if (services_.admission.isBannedUser(user.userId, user.userName))
    return fail(ErrorCode::kForbidden, "You are banned.", "permissionDenied");
  if (auto moved = session.setState(State::kCharacterSelection); !moved) return moved.error();
  session.user = user;
  if (session.isStranger) forgetStranger(session);
  noteAuthenticated(session);
  return {};
}

gw_status SessionManager::signIn(plugin::Stream& stream, const gw_sign_in& wish) {
  if (isPaused_) return GW_E_AGAIN;
  Attachment& attachment = attachmentFor(stream);
  attachment.lastSeenNs = nowNs();
  if (!attachment.introduced) return GW_E_AGAIN;
  if (!attachment.session || !attachment.login) return GW_E_STATE;
  if (wish.kind > GW_SIGN_IN_BY_HAND || wish.account_p.len > kMaxAccountBytes || wish.secret_p.len > kMaxSecretBytes)
    return GW_E_INVALID;
  return attachment.login->onSignIn(wish);
}

void SessionManager::noteAuthenticated(Session& session) {
  for (Attachment* attachment : session.attachments()) {
    if (attachment->authenticated) continue;
    attachment->authenticated = true;
    services_.admission.authenticated(attachment->stream.peer());
  }
}

void SessionManager::listCharacters(Session& session,
                                    UniqueFunction<void(Session*, Result<std::vector<Character>>)> then) {
  if (!services_.backend || !services_.backend->isUp()) return then(&session, backendDown());
  backend()->listCharacters(session.user.userId,
                            toSession<std::vector<Character>>(*this, session.id(), std::move(then)));
}

void SessionManager::createCharacter(Session& session, NewCharacter wanted,
                                     UniqueFunction<void(Session*, Result<Character>)> then) {
  if (!services_.backend || !services_.backend->isUp()) return then(&session, backendDown());
  backend()->createCharacter(session.user.userId, std::move(wanted),
                             toSession<Character>(*this, session.id(), std::move(then)));
}

void SessionManager::enter(EnterRequest request) {
  Session* session = find(request.session);
  if (!session) return failEnter(request, fail(ErrorCode::kNotFound, "the session has ended", "sessionNotFound"));
  if (session->state() != State::kCharacterSelection)
    return failEnter(request, fail(ErrorCode::kConflict,
                                   std::string("a character can be selected after login; the session is in state ") +
                                       toString(session->state()),
                                   session->state() == State::kPlaying ? "alreadyAuthenticated" : "notAuthenticated"));
  if (!services_.backend || !services_.backend->isUp()) return failEnter(request, backendDown());
  const SessionId asking = request.session;
  const std::string userId = session->user.userId;
  const std::string wanted = request.character;
  backend()->selectCharacter(
      userId, wanted,
      toSession<Character>(*this, asking,
                           [this, request = std::move(request)](Session* back, Result<Character> chosen) mutable {
                             if (!chosen) return failEnter(request, chosen.error());
                             request.chosen = *chosen;
                             // A backend without characters: one plays as oneself.
                             if (request.chosen.name.empty()) request.chosen.name = back->user.userName;
                             request.userId = back->user.userId;
                             const Claim claim{back->user.userId, back->id(), request.chosen.id, request.gameSession,
                                               back->user.isGuest};
                             toUserLoop(claim, [this, request = std::move(request)](Verdict verdict) mutable {
                               verdictFor(std::move(request), verdict);
                             });
                           }));
}

}  // namespace gw::session
