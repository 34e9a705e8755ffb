#pragma once
// Every verb of gwctl: one function each, one file per noun. They return the exit code and throw CliError.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client.h"
#include "output.h"

namespace gw::cli {

/// What the command line said; each command reads what concerns it.
struct Arguments {
  std::string id;  // the thing that the verb is about
  std::string text;
  std::string reason;
  std::string state;
  std::string user;
  std::string channel;
  std::string account;
  std::string session;
  std::string room;
  std::string role;
  std::string kind;
  std::string dir;
  std::vector<std::string> passed;  // words for another program
  uint64_t limit = 1000;
  uint64_t inMs = 0;
  uint64_t forMs = 0;
  std::string file;
  uint64_t canary = 0;
  uint64_t canaryMs = 0;
  uint64_t drainOldestMs = 0;
  std::optional<uint64_t> graceMs;
  uint64_t probeMs = 0;  // 0: the gateway's own
  bool dryRun = false;
  bool cancel = false;
  bool strict = false;
  bool noWait = false;
  bool mayBroadcast = false;
  bool mayUseRawTerminal = false;
  uint64_t players = 1;
  uint64_t linesPerMinute = 60;
};

using Command = int (*)(const Client& client, Output& output, const Arguments& arguments);

int status(const Client&, Output&, const Arguments&);
int health(const Client&, Output&, const Arguments&);
int version(const Client&, Output&, const Arguments&);
int metrics(const Client&, Output&, const Arguments&);
int shutdown(const Client&, Output&, const Arguments&);

int channelList(const Client&, Output&, const Arguments&);
int channelShow(const Client&, Output&, const Arguments&);
int channelStart(const Client&, Output&, const Arguments&);
int channelStop(const Client&, Output&, const Arguments&);

int pluginList(const Client&, Output&, const Arguments&);
int pluginShow(const Client&, Output&, const Arguments&);
int pluginGenerations(const Client&, Output&, const Arguments&);
int pluginReload(const Client&, Output&, const Arguments&);
int pluginLoad(const Client&, Output&, const Arguments&);
int pluginDrain(const Client&, Output&, const Arguments&);
int pluginUnload(const Client&, Output&, const Arguments&);
int pluginRollback(const Client&, Output&, const Arguments&);
int pluginInspect(const Client&, Output&, const Arguments&);
int pluginVerify(const Client&, Output&, const Arguments&);
int pluginWatch(const Client&, Output&, const Arguments&);

int sessionList(const Client&, Output&, const Arguments&);
int sessionShow(const Client&, Output&, const Arguments&);
int sessionSend(const Client&, Output&, const Arguments&);
int sessionDisconnect(const Client&, Output&, const Arguments&);
int sessionClose(const Client&, Output&, const Arguments&);

int connectionList(const Client&, Output&, const Arguments&);
int connectionShow(const Client&, Output&, const Arguments&);
int connectionClose(const Client&, Output&, const Arguments&);

int userList(const Client&, Output&, const Arguments&);
int userLock(const Client&, Output&, const Arguments&);
int userUnlock(const Client&, Output&, const Arguments&);
int userMute(const Client&, Output&, const Arguments&);
int userUnmute(const Client&, Output&, const Arguments&);

int banList(const Client&, Output&, const Arguments&);
int banAdd(const Client&, Output&, const Arguments&);
int banRemove(const Client&, Output&, const Arguments&);

int broadcast(const Client&, Output&, const Arguments&);

int backendList(const Client&, Output&, const Arguments&);
int backendShow(const Client&, Output&, const Arguments&);
int backendDisconnect(const Client&, Output&, const Arguments&);  // text: a connection; "": all
int backendDrain(const Client&, Output&, const Arguments&);       // text: a connection
int backendTrace(const Client&, Output&, const Arguments&);
int backendSimulate(const Client&, Output&, const Arguments&);
int backendTokenList(const Client&, Output&, const Arguments&);
int backendTokenCreate(const Client&, Output&, const Arguments&);
int backendTokenRevoke(const Client&, Output&, const Arguments&);

int storeStatus(const Client&, Output&, const Arguments&);
int storeMigrate(const Client&, Output&, const Arguments&);
int storeMigrateOffline(const Client&, Output&, const Arguments&);  // text: the configuration; asks no gateway
int storeCheck(const Client&, Output&, const Arguments&);
int storeBackup(const Client&, Output&, const Arguments&);

int tokenList(const Client&, Output&, const Arguments&);
int tokenCreate(const Client&, Output&, const Arguments&);
int tokenRevoke(const Client&, Output&, const Arguments&);

int configGet(const Client&, Output&, const Arguments&);
int configValidate(const Client&, Output&, const Arguments&);
int configReload(const Client&, Output&, const Arguments&);

int sdkNew(const Client&, Output&, const Arguments&);      // asks no gateway
int sdkConform(const Client&, Output&, const Arguments&);  // nor does this

}  // namespace gw::cli
