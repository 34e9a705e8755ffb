#include "command_line.h"

#include <CLI/CLI.hpp>

#include "cli_error.h"
#include "text.h"

namespace gw::cli {
namespace {

std::string checkDuration(const std::string& text) {
  return parseDuration(text) ? "" : "expected a duration such as 30s, 5m or 1h, got " + text;
}

/// Binds verbs to functions and words to Arguments.
class Builder {
 public:
  Builder(CLI::App& app, CommandLine& line) : app_(app), line_(line) {}

  void build() {
    global();
    gateway();
    channels();
    plugins();
    sessions();
    connections();
    usersAndBans();
    broadcastAndTokens();
    backends();
    store();
    config();
    sdk();
  }

 private:
  CLI::App* noun(const char* name, const char* about) {
    CLI::App* app = app_.add_subcommand(name, about);
    app->require_subcommand(1);
    return app;
  }
  CLI::App* verb(CLI::App* parent, const char* name, const char* about, Command command) {
    CLI::App* app = parent->add_subcommand(name, about);
    app->callback([this, command] { line_.command = command; });
    return app;
  }
  CLI::App* withId(CLI::App* app, const char* what, const char* about) {
    app->add_option(what, line_.arguments.id, about)->required();
    return app;
  }
  void duration(CLI::App* app, const char* name, uint64_t& ms, const char* about) {
    app->add_option_function<std::string>(
           name, [&ms](const std::string& text) { ms = *parseDuration(text); }, about)
        ->check(checkDuration)
        ->type_name("DURATION");
  }
  void reason(CLI::App* app) { app->add_option("--reason", line_.arguments.reason, "Shown to the client"); }
  void limit(CLI::App* app) {
    app->add_option("--limit", line_.arguments.limit, "At most this many")->check(CLI::Range(1, 10000));
  }
  /// Words behind the verb are one text: quotes are optional.
  void words(CLI::App* app, const char* about) {
    app->add_option_function<std::vector<std::string>>(
           "TEXT",
           [this](const std::vector<std::string>& all) {
             for (const auto& word : all) line_.arguments.text += (line_.arguments.text.empty() ? "" : " ") + word;
           },
           about)
        ->required();
  }

  void global() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--socket", line_.endpoint.socket, "The gateway's admin socket (or GWCTL_SOCKET)");
    app_.add_option("--tcp", line_.endpoint.tcp, "HOST:PORT of the admin API on loopback TCP; needs a token");
    app_.add_option("--token-file", line_.endpoint.tokenFile, "File with the API token (or GWCTL_TOKEN_FILE)");
    app_.add_option_function<std::string>(
            "-o,--output", [this](const std::string& form) { line_.json = form == "json"; }, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->type_name("FORM");
    app_.add_flag("--json", line_.json, "The same as -o json");
    app_.add_option_function<std::string>(
            "--timeout",
            [this](const std::string& text) { line_.timeout = std::chrono::milliseconds(*parseDuration(text)); },
            "How long to wait for the gateway (10s)")
        ->check(checkDuration)
        ->type_name("DURATION");
  }

  void gateway() {
    verb(&app_, "status", "The gateway at a glance; its first line says what is wrong", status);
    verb(&app_, "health", "Health; exits 0 if healthy or degraded, 11 if unhealthy", health)
        ->add_flag("--strict", line_.arguments.strict, "Exit 11 if degraded, too");
    verb(&app_, "metrics", "The figures for Prometheus, as text", metrics);
    verb(&app_, "version", "The version of the running gateway", version);
    CLI::App* stop = verb(&app_, "shutdown", "Stop the gateway cleanly", shutdown);
    duration(stop, "--in", line_.arguments.inMs, "Announce now, stop then");
    stop->add_option("--message", line_.arguments.text, "Shown to everyone");
    stop->add_flag("--cancel", line_.arguments.cancel, "Cancel an announced stop")->excludes("--in", "--message");
  }

  void channels() {
    CLI::App* channel = noun("channel", "Channel accounts: the ways in");
    verb(channel, "list", "All accounts", channelList);
    withId(verb(channel, "show", "One account", channelShow), "ID", "channel:account, as in telnet:default");
    for (CLI::App* app : {verb(channel, "start", "Start an account", channelStart),
                          verb(channel, "stop", "Stop an account; its sessions can be resumed", channelStop)}) {
      withId(app, "ID", "channel:account, as in telnet:default");
      app->add_flag("--no-wait", line_.arguments.noWait, "Print the operation and return");
    }
  }

  void plugins() {
    CLI::App* plugin = noun("plugin", "Channel plugins");
    verb(plugin, "list", "What was found, loaded and refused", pluginList);
    withId(verb(plugin, "show", "One plugin", pluginShow), "ID", "The plugin's id, as in telnet");
    verb(plugin, "generations", "Every load of a plugin that is alive", pluginGenerations);
    const char* const aFile = "A library, by its path on the gateway's machine";
    withId(verb(plugin, "inspect", "What a library says of itself; it is not loaded", pluginInspect), "FILE", aFile);
    withId(verb(plugin, "verify", "Inspect and probe a library, as a reload would", pluginVerify), "FILE", aFile);
    withId(verb(plugin, "watch", "Reload the plugin whenever the file changes, until interrupted", pluginWatch), "FILE",
           aFile);
    CLI::App* load =
        withId(verb(plugin, "load", "Make a library known that is not; its accounts start", pluginLoad), "FILE", aFile);
    CLI::App* drain =
        withId(verb(plugin, "drain", "Close the connections that are still on an old generation", pluginDrain),
               "ID@GENERATION", "As in telnet@3; see them with: plugin generations");
    drain
        ->add_option_function<std::string>(
            "--grace", [this](const std::string& text) { line_.arguments.graceMs = parseDuration(text); },
            "How long they may take to leave; then they are cut off (30s)")
        ->check(checkDuration)
        ->type_name("DURATION");
    CLI::App* unload =
        withId(verb(plugin, "unload", "Let go of a plugin whose accounts are stopped, and prove it", pluginUnload),
               "ID", "The plugin's id, as in telnet");
    for (CLI::App* app : {load, drain, unload})
      app->add_flag("--no-wait", line_.arguments.noWait, "Print the work's number and return");
    CLI::App* reload = verb(plugin, "reload", "Put other code below its live connections", pluginReload);
    reload->add_option("--file", line_.arguments.file, "The new library (default: the file it has)");
    reload->add_flag("--dry-run", line_.arguments.dryRun, "Check and probe it only");
    for (CLI::App* app : {reload, verb(plugin, "rollback", "Back to the generation before", pluginRollback)}) {
      withId(app, "ID", "The plugin's id, as in telnet");
      app->add_option("--canary", line_.arguments.canary, "So many new clients first; then the live ones");
      duration(app, "--canary-for", line_.arguments.canaryMs, "Or so long, whichever comes first (30s)");
      duration(app, "--drain-oldest", line_.arguments.drainOldestMs,
               "At the bound of generations: close the oldest one's connections, with so much time to leave");
      duration(app, "--probe-for", line_.arguments.probeMs, "Give the probe up after so long (10s)");
      app->add_flag("--no-wait", line_.arguments.noWait, "Print the reload and return");
    }
  }

  void sessions() {
    Arguments& arguments = line_.arguments;
    CLI::App* session = noun("session", "Sessions of clients, connected or not");
    CLI::App* list = verb(session, "list", "Sessions", sessionList);
    list->add_option("--state", arguments.state, "Only in this state")
        ->check(CLI::IsMember({"connecting", "authenticating", "characterSelection", "playing", "disconnected"}));
    list->add_option("--user", arguments.user, "Only of this user");
    list->add_option("--channel", arguments.channel, "Only made by this channel");
    limit(list);
    withId(verb(session, "show", "One session with its connections", sessionShow), "ID", "The session");
    CLI::App* send = withId(verb(session, "send", "Send a line to a session", sessionSend), "ID", "The session");
    words(send, "The line");
    reason(withId(verb(session, "disconnect", "Close its connections; it can be resumed", sessionDisconnect), "ID",
                  "The session"));
    reason(withId(verb(session, "close", "End it; it cannot be resumed", sessionClose), "ID", "The session"));
  }

  void connections() {
    CLI::App* connection = noun("connection", "Live connections of clients");
    CLI::App* list = verb(connection, "list", "Connections", connectionList);
    list->add_option("--account", line_.arguments.account, "Only of this channel account");
    list->add_option("--session", line_.arguments.session, "Only of this session");
    limit(list);
    withId(verb(connection, "show", "One connection", connectionShow), "ID", "The connection");
    reason(withId(verb(connection, "close", "Close it; its session's others go on", connectionClose), "ID",
                  "The connection"));
  }

  void usersAndBans() {
    CLI::App* user = noun("user", "Users");
    limit(verb(user, "list", "Users", userList));
    reason(withId(verb(user, "lock", "End a user's sessions and refuse the next login", userLock), "NAME",
                  "The user's name or id"));
    withId(verb(user, "unlock", "Let a locked user log in again", userUnlock), "NAME", "The user's name or id");

    CLI::App* mute = withId(verb(user, "mute", "Nobody hears what a user says in the lobby", userMute), "NAME",
                            "The user's or the guest's name, or the id");
    duration(mute, "--for", line_.arguments.forMs, "How long; without it: for good");
    withId(verb(user, "unmute", "Let a muted user talk again", userUnmute), "NAME", "The name or id");

    CLI::App* ban = noun("ban", "Addresses and users that may not enter");
    verb(ban, "list", "Bans in force", banList);
    CLI::App* add = verb(ban, "add", "Ban an address or a user", banAdd);
    add->add_option("KIND", line_.arguments.kind, "address or user")
        ->required()
        ->check(CLI::IsMember({"address", "user"}));
    withId(add, "VALUE", "An address, a prefix such as 192.0.2.0/24, or a user's name");
    duration(add, "--for", line_.arguments.forMs, "How long; without it: for good");
    add->add_option("--reason", line_.arguments.reason, "For your records");
    withId(verb(ban, "remove", "Lift a ban", banRemove), "ID", "The ban");
  }

  void broadcastAndTokens() {
    CLI::App* toAll = verb(&app_, "broadcast", "A line to everyone", broadcast);
    toAll->add_option("--room", line_.arguments.room, "Only to this room");
    words(toAll, "The line");

    CLI::App* token = noun("token", "API tokens for --tcp");
    verb(token, "list", "Tokens, without their secrets", tokenList);
    CLI::App* create = withId(verb(token, "create", "Make a token; its secret is shown once", tokenCreate), "NAME",
                              "What you call it");
    create->add_option("--role", line_.arguments.role, "view, operate or admin")
        ->required()
        ->check(CLI::IsMember({"view", "operate", "admin"}));
    withId(verb(token, "revoke", "Revoke a token at once", tokenRevoke), "NAME", "Its name or id");
  }

  void store() {
    CLI::App* app = noun("store", "The database");
    verb(app, "status", "Where it is, its schema, size, waiting writes, last error", storeStatus);
    CLI::App* migrate = verb(app, "migrate",
                             "Bring the schema up to date. Without --config the running gateway is asked, which has "
                             "done so at its start; with it the gwhost beside gwctl does it now, while the gateway is "
                             "down",
                             storeMigrate);
    migrate->add_option("--config", line_.arguments.text, "The configuration of a gateway that is down");
    migrate->callback([this] {
      line_.isLocal = !line_.arguments.text.empty();
      line_.command = line_.isLocal ? storeMigrateOffline : storeMigrate;
    });
    verb(app, "check", "Read everything and say what is wrong", storeCheck);
    withId(verb(app, "backup", "Copy it to a new file while the gateway works (SQLite)", storeBackup), "FILE",
           "The new file; the gateway's user makes it");
  }

  void config() {
    CLI::App* app = noun("config", "The configuration");
    verb(app, "get", "The configuration in force", configGet);
    withId(verb(app, "validate", "Check a file; changes nothing", configValidate), "FILE", "The file");
    verb(app, "reload", "Read the file again and apply what can be applied", configReload);
  }

  /// Tools for authors of plugins: none of them asks a gateway.
  void sdk() {
    CLI::App* app = noun("sdk", "Tools for authors of channel plugins");
    CLI::App* make = withId(local(app, "new", "Make a plugin project to begin with", sdkNew), "NAME",
                            "The channel's name: a lower-case letter, then a-z, 0-9 and -");
    make->add_option("--kind", line_.arguments.kind, "stream: a protocol over TCP; http: events and requests over HTTP")
        ->required()
        ->check(CLI::IsMember({"stream", "http"}));
    make->add_option("--dir", line_.arguments.dir, "The folder to make (NAME)");
    // What follows is gw-conform's, options too.
    CLI::App* conform = app->add_subcommand(
        "conform", "Try a plugin against the SDK's contract; all words after this are gw-conform's (--help: its own)");
    conform->set_help_flag();
    conform->fallthrough(false);
    conform->prefix_command();
    conform->callback([this, conform] {
      line_.isLocal = true;
      line_.command = sdkConform;
      line_.arguments.passed = conform->remaining();
    });
  }
  void backends() {
    const char* const aName = "The backend's name, as in the configuration; the built-in one is lobby";
    CLI::App* backend = noun("backend", "Who answers the players' commands");
    verb(backend, "list", "All backends", backendList);
    withId(verb(backend, "show", "One backend: its state, connections, queues and times", backendShow), "NAME", aName);
    withId(verb(backend, "disconnect", "End a backend's connections; sessions wait for it", backendDisconnect), "NAME",
           aName)
        ->add_option("CONNECTION", line_.arguments.text, "One of them, as in b3 (default: all)");
    CLI::App* drain =
        withId(verb(backend, "drain", "Let a connection finish, and give it nothing new", backendDrain), "NAME", aName);
    drain->add_option("CONNECTION", line_.arguments.text, "As in b3")->required();
    drain
        ->add_option_function<std::string>(
            "--grace", [this](const std::string& text) { line_.arguments.graceMs = parseDuration(text); },
            "How long it is told that it has (30s)")
        ->check(checkDuration)
        ->type_name("DURATION");
    withId(verb(backend, "trace", "What goes over the link, without texts, until interrupted", backendTrace), "NAME",
           aName)
        ->add_flag("--once", line_.arguments.noWait, "Only what there is by now");
    CLI::App* simulate =
        withId(verb(backend, "simulate", "Let players without any client type lines, and time what comes back",
                    backendSimulate),
               "NAME", aName);
    simulate->add_option("--players", line_.arguments.players, "So many (1); they are called sim1, sim2, ...")
        ->check(CLI::Range(1, 5000));
    simulate->add_option("--lines-per-minute", line_.arguments.linesPerMinute, "Of each player (60)")
        ->check(CLI::Range(1, 60000));
    simulate->add_option("--script", line_.arguments.file, "A file with the lines to type, in turn (default: look)");
    duration(simulate, "--for", line_.arguments.forMs, "How long (10s)");
    CLI::App* token = backend->add_subcommand("token", "What backends come in with");
    token->require_subcommand(1);
    verb(token, "list", "All tokens", backendTokenList);
    CLI::App* create = withId(
        verb(token, "create", "Make a backend's token, in place of the one it has; shown once", backendTokenCreate),
        "NAME", "The backend's name");
    create->add_flag("--broadcast", line_.arguments.mayBroadcast, "It may speak to everybody at once");
    create->add_flag("--raw-terminal", line_.arguments.mayUseRawTerminal,
                     "It may send bytes to terminals as they are (BBS screens)");
    withId(verb(token, "revoke", "Make a backend's token void, and end its connections", backendTokenRevoke), "NAME",
           "The backend's name");
  }

  CLI::App* local(CLI::App* parent, const char* name, const char* about, Command command) {
    CLI::App* app = parent->add_subcommand(name, about);
    app->callback([this, command] {
      line_.isLocal = true;
      line_.command = command;
    });
    return app;
  }

  CLI::App& app_;
  CommandLine& line_;
};

}  // namespace

CommandLine parseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("gwctl runs a Gatehouse gateway.", "gwctl");
  app.footer(
      "Exit: 0 done, 1 failed, 2 usage, 3 unreachable, 4 forbidden, 5 not found, 6 conflict,\n"
      "      7 invalid configuration, 8 reload refused, 9 rolled back, 10 partial, 11 unhealthy,\n"
      "      12 timeout.");
  Builder builder(app, line);
  builder.build();
  line.endpoint.program = argc > 0 ? argv[0] : "";
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    line.command = nullptr;
    line.exitCode = app.exit(e) == 0 ? kOk : kUsage;
  }
  return line;
}

}  // namespace gw::cli
