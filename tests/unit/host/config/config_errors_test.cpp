// The sentences that an operator reads when the configuration is wrong: file, JSON path, what was
// expected. Golden: a change here is a change of the product.

#include <gtest/gtest.h>

#include "config/gateway_config.h"

namespace gw::config {
namespace {

std::string errorOf(const std::string& json) {
  try {
    (void)parse(json, "c.json");
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "(accepted)";
}

struct Case {
  const char* name;
  std::string json;
  std::string error;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ConfigErrors : public testing::TestWithParam<Case> {};

TEST_P(ConfigErrors, NameFilePathAndExpectation) { EXPECT_EQ(errorOf(GetParam().json), GetParam().error); }

std::string account(const std::string& fields) {
  return R"({"accounts": [{"channel": "telnet", "listen": {"port": 4000}, )" + fields + "}]}";
}
std::string limits(const std::string& fields) { return R"({"limits": {)" + fields + "}}"; }

const Case kSyntax[] = {
    {"Empty", "", "c.json:1:1: not strict JSON (no comments, no trailing commas, keys in double quotes)"},
    {"Comment", "{\n  // no\n}",
     "c.json:2:3: not strict JSON (no comments, no trailing commas, keys in double quotes)"},
    {"TrailingComma", "{\"loops\": 1,}",
     "c.json:1:13: not strict JSON (no comments, no trailing commas, keys in double quotes)"},
    {"BadUtf8", "{\"stateDir\": \"\xff\"}",
     "c.json:1:15: not strict JSON (no comments, no trailing commas, keys in double quotes)"},
    {"NotAnObject", "[]", "c.json: /: expected an object, got []"},
    {"Duplicate", R"({"loops": 1, "loops": 2})", "c.json: the key \"loops\" appears twice in one object"},
    {"NumberTooLarge", R"({"loops": 1e999})", "c.json: a number is out of range"},
    {"Deep", std::string(65, '[') + std::string(65, ']'), "c.json:1:65: nested deeper than 64 levels"},
    {"Large", std::string((1 << 20) + 1, ' '), "c.json: larger than 1 MiB"},
};
INSTANTIATE_TEST_SUITE_P(Syntax, ConfigErrors, testing::ValuesIn(kSyntax), [](const auto& p) { return p.param.name; });

const Case kTypes[] = {
    {"UnknownKey", R"({"frobnicate": 1})", "c.json: /frobnicate: unknown key"},
    {"Misspelt", R"({"limits": {"conections": 1}})",
     "c.json: /limits/conections: unknown key; did you mean \"connections\"?"},
    {"PathIsEscaped", R"({"a/b~c": 1})", "c.json: /a~1b~0c: unknown key"},
    {"Text", R"({"stateDir": 5})", "c.json: /stateDir: expected a string, got 5"},
    {"Nul", R"({"stateDir": "a\u0000b"})", "c.json: /stateDir: a string must not contain U+0000"},
    {"Flag", R"({"lobby": {"guests": "yes"}})", "c.json: /lobby/guests: expected true or false, got \"yes\""},
    {"Integer", R"({"loops": 1.5})", "c.json: /loops: expected 0..256, got 1.5"},
    {"IntegerRange", R"({"loops": -1})", "c.json: /loops: expected 0..256, got -1"},
    {"IntegerHuge", R"({"loops": 18446744073709551615})", "c.json: /loops: expected 0..256, got 18446744073709551615"},
    {"PortText", R"({"accounts": [{"channel": "telnet", "listen": {"port": "x"}}]})",
     "c.json: /accounts/0/listen/port: expected 0..65535, got \"x\""},
    {"Number", limits(R"("commandRate": 0)"), "c.json: /limits/commandRate: expected a number 0.01..1000000.0, got 0"},
    {"Choice", R"({"log": {"level": "loud"}})",
     "c.json: /log/level: expected \"debug\" or \"info\" or \"warn\" or \"error\", got \"loud\""},
    {"Duration", limits(R"("idleTimeout": 10)"),
     "c.json: /limits/idleTimeout: expected a duration such as \"500ms\", \"30s\", \"10m\", \"1h\" or \"7d\", got 10"},
    {"DurationRange", limits(R"("loginTimeout": "1ms")"),
     "c.json: /limits/loginTimeout: expected a duration 1s..1d, got \"1ms\""},
    {"Size", limits(R"("messageSize": "1MB")"),
     "c.json: /limits/messageSize: expected a size such as \"512B\", \"64KiB\", \"1MiB\" or \"2GiB\", got \"1MB\""},
    {"SizeRange", limits(R"("messageSize": "1B")"),
     "c.json: /limits/messageSize: expected a size 1KiB..64MiB, got \"1B\""},
    {"Array", R"({"http": {}})", "c.json: /http: expected an array, got {}"},
    {"ArrayItem", R"({"plugins": {"dirs": ["a", 1]}})", "c.json: /plugins/dirs/1: expected a string, got 1"},
    {"Object", R"({"limits": []})", "c.json: /limits: expected an object, got []"},
    {"Options", account(R"("options": 1)"), "c.json: /accounts/0/options: expected an object, got 1"},
    {"LongValueIsCut", R"({"loops": ")" + std::string(100, 'a') + "\"}",
     "c.json: /loops: expected 0..256, got \"" + std::string(60, 'a') + "..."},
};
INSTANTIATE_TEST_SUITE_P(Types, ConfigErrors, testing::ValuesIn(kTypes), [](const auto& p) { return p.param.name; });

std::string secretError(const std::string& path, const std::string& key) {
  return "c.json: " + path +
         ": a secret must not stand in this file; write it to a file that only gwhost can read and "
         "name that: \"" +
         key + "File\": \"path\" (or \"" + key + "Env\": \"VARIABLE\")";
}

const Case kSecrets[] = {
    {"Token", R"({"admin": {"token": "hunter2"}})", secretError("/admin/token", "token")},
    {"InOptions", account(R"("options": {"apiKey": "x"})"), secretError("/accounts/0/options/apiKey", "apiKey")},
    {"Suffix", account(R"("options": {"deep": {"clientSecret": "x"}})"),
     secretError("/accounts/0/options/deep/clientSecret", "clientSecret")},
    {"Spelling", account(R"("options": {"PASS_WORD": "x"})"),
     secretError("/accounts/0/options/PASS_WORD", "PASS_WORD")},
    {"List", account(R"("options": {"tokens": ["x"]})"), secretError("/accounts/0/options/tokens", "tokens")},
    {"InAList", R"({"http": [{"password": "x"}]})", secretError("/http/0/password", "password")},
    {"OfTheStore", R"({"store": {"postgres": {"password": "x"}}})",
     secretError("/store/postgres/password", "password")},
};
INSTANTIATE_TEST_SUITE_P(Secrets, ConfigErrors, testing::ValuesIn(kSecrets),
                         [](const auto& p) { return p.param.name; });

const char* const kExposed =
    "reaches beyond this machine without TLS: passwords could be read on the way; give \"tls\" a certificate, or "
    "accept "
    "that with \"insecureBeyondLoopback\": true";
const char* const kRegistration =
    "c.json: /lobby/registration: a listener reaches beyond loopback: say true or false here, whether anyone may "
    "register";

std::string postgres(const std::string& fields) {
  return R"({"store": {"driver": "postgres", "postgres": {)" + fields + "}}}";
}

const Case kPostgres[] = {
    {"BeyondThisMachine", postgres(R"("host": "db.example.org")"),
     "c.json: /store/postgres/sslMode: \"db.example.org\" is beyond this machine: expected \"require\", \"verify-ca\" "
     "or "
     "\"verify-full\", or sessions could be read on the way"},
    {"Space", postgres(R"("database": "my games")"), "c.json: /store/postgres/database: must not contain a space"},
    {"NoUser", postgres(R"("user": "")"), "c.json: /store/postgres/user: must not be empty"},
    {"WithTls", postgres(R"("host": "db.example.org", "sslMode": "verify-full")"), "(accepted)"},
    {"UnixSocket", postgres(R"("host": "/run/postgresql", "sslMode": "disable")"), "(accepted)"},
};
INSTANTIATE_TEST_SUITE_P(Postgres, ConfigErrors, testing::ValuesIn(kPostgres),
                         [](const auto& p) { return p.param.name; });

const Case kExposure[] = {
    {"TelnetLan", R"({"accounts": [{"channel": "telnet", "listen": {"bind": "lan", "port": 1}}]})",
     std::string("c.json: /accounts/0/listen/bind: \"lan\" ") + kExposed},
    {"HttpAddress", R"({"http": [{"name": "main", "listen": {"bind": "192.0.2.7"}}]})",
     std::string("c.json: /http/0/listen/bind: \"192.0.2.7\" ") + kExposed},
    {"TlsSwitchedOff",
     R"({"http": [{"name": "main", "listen": {"bind": "::"}, "tls": {"enabled": false, "certificateFile": "c", "keyFile": "k"}}]})",
     std::string("c.json: /http/0/listen/bind: \"::\" ") + kExposed},
    {"RegistrationByDefault",
     R"({"http": [{"name": "main", "listen": {"bind": "lan"}, "insecureBeyondLoopback": true}]})", kRegistration},
    {"RegistrationByDefaultBehindTls",
     R"({"http": [{"name": "main", "listen": {"bind": "lan"}, "tls": {"certificateFile": "c", "keyFile": "k"}}]})",
     kRegistration},
    {"OperatorWithoutTls",
     R"({"lobby": {"registration": false}, "accounts": [{"channel": "telnet", "roles": ["player", "operator"],
         "listen": {"bind": "lan", "port": 1}, "insecureBeyondLoopback": true}]})",
     "c.json: /accounts/0/roles/1: the role \"operator\" beyond loopback needs TLS"},
    {"AdminBeyondLoopback", R"({"admin": {"tcp": {"bind": "lan"}}})",
     "c.json: /admin/tcp/bind: the admin API never listens beyond loopback; reach it from elsewhere with ssh -L"},
};
INSTANTIATE_TEST_SUITE_P(Exposure, ConfigErrors, testing::ValuesIn(kExposure),
                         [](const auto& p) { return p.param.name; });

const Case kRules[] = {
    {"StateDir", R"({"stateDir": ""})", "c.json: /stateDir: expected the path of a folder"},
    {"GatewayId", R"({"gatewayId": "a b"})", "c.json: /gatewayId: expected at most 64 of A-Z a-z 0-9 _ . -"},
    {"StoreFile", R"({"store": {"file": ""}})", "c.json: /store/file: expected the database's file name"},
    {"StoreDriver", R"({"store": {"driver": "postgresql"}})",
     "c.json: /store/driver: expected \"sqlite\" or \"postgres\", got \"postgresql\""},
    {"Bind", R"({"http": [{"name": "main", "listen": {"bind": "example.org"}}]})",
     "c.json: /http/0/listen/bind: expected \"loopback\", \"lan\" or an IP address, got \"example.org\""},
    {"TlsWithoutCertificate", R"({"http": [{"name": "main", "tls": {"keyFile": "k"}}]})",
     "c.json: /http/0/tls/certificateFile: expected the path of a PEM certificate chain"},
    {"TlsWithoutKey", R"({"http": [{"name": "main", "tls": {"certificateFile": "c"}}]})",
     "c.json: /http/0/tls/keyFile: expected the path of the certificate's PEM key"},
    {"HttpName", R"({"http": [{"name": "Main"}]})",
     "c.json: /http/0/name: expected a name such as \"main\" (a-z, 0-9, -)"},
    {"HttpTwice", R"({"http": [{"name": "a"}, {"name": "a"}]})",
     "c.json: /http/1/name: two HTTP listeners are named \"a\""},
    {"PortTwice", R"({"http": [{"name": "a"}, {"name": "b"}]})",
     "c.json: /http/1/listen/port: port 18789 is used twice"},
    {"NoHosts", R"({"http": [{"name": "a", "allowedHosts": []}]})",
     "c.json: /http/0/allowedHosts: expected at least one host name"},
    {"Host", R"({"http": [{"name": "a", "allowedHosts": ["x:80"]}]})",
     "c.json: /http/0/allowedHosts/0: expected a host name or address without a port, IPv6 in []"},
    {"Origin", R"({"http": [{"name": "a", "allowedOrigins": ["https://x.org/"]}]})",
     "c.json: /http/0/allowedOrigins/0: expected an origin such as \"https://play.example.org\""},
    {"Channel", R"({"accounts": [{"listen": {"port": 1}}]})",
     "c.json: /accounts/0/channel: expected a channel such as \"telnet\" (a-z, 0-9, -)"},
    {"AccountName", account(R"("account": "a:b")"),
     "c.json: /accounts/0/account: expected a name such as \"default\" (a-z, 0-9, -)"},
    {"AccountTwice",
     R"({"accounts": [{"channel": "telnet", "listen": {"port": 1}}, {"channel": "telnet", "listen": {"port": 2}}]})",
     "c.json: /accounts/1/account: the account \"telnet:default\" appears twice"},
    {"NoWayIn", R"({"accounts": [{"channel": "telnet"}]})",
     "c.json: /accounts/0: expected either \"listen\" (a socket of its own) or \"http\" (the name of an HTTP "
     "listener)"},
    {"TwoWaysIn", account(R"("http": "main")"),
     "c.json: /accounts/0: expected either \"listen\" (a socket of its own) or \"http\" (the name of an HTTP "
     "listener)"},
    {"NoListener", R"({"accounts": [{"channel": "sse", "http": "main"}]})",
     "c.json: /accounts/0/http: there is no HTTP listener named \"main\""},
    {"TlsOfHttp",
     R"({"http": [{"name": "main"}],
         "accounts": [{"channel": "sse", "http": "main", "tls": {"certificateFile": "c", "keyFile": "k"}}]})",
     "c.json: /accounts/0/tls: TLS belongs to the HTTP listener \"main\""},
    {"ProxyUnknown", account(R"("proxyProtocol": true)"),
     "c.json: /accounts/0/trustedProxies: \"proxyProtocol\" needs the addresses of the proxies that may connect, such "
     "as [\"10.0.0.0/8\"]"},
    {"ProxyAddress", account(R"("proxyProtocol": true, "trustedProxies": ["::1", "10.0.0.0/8x"])"),
     "c.json: /accounts/0/trustedProxies/1: expected an address or a prefix such as \"192.0.2.0/24\", got "
     "\"10.0.0.0/8x\""},
    {"ProxyWithoutEffect", account(R"("trustedProxies": ["::1"])"),
     "c.json: /accounts/0/trustedProxies: has no effect without \"proxyProtocol\": true"},
    {"ProxyOfHttp",
     R"({"http": [{"name": "main"}], "accounts": [{"channel": "sse", "http": "main", "trustedProxies": ["::1"]}]})",
     "c.json: /accounts/0/trustedProxies: belongs to the HTTP listener \"main\""},
    {"ProxyProtocolOfHttp",
     R"({"http": [{"name": "main"}], "accounts": [{"channel": "sse", "http": "main", "proxyProtocol": true}]})",
     "c.json: /accounts/0/proxyProtocol: belongs to the HTTP listener \"main\""},
    {"HttpProxyUnknown", R"({"http": [{"name": "main", "proxyProtocol": true}]})",
     "c.json: /http/0/trustedProxies: \"proxyProtocol\" needs the addresses of the proxies that may connect, such as "
     "[\"10.0.0.0/8\"]"},
    {"HttpProxyAddress", R"({"http": [{"name": "main", "trustedProxies": ["localhost"]}]})",
     "c.json: /http/0/trustedProxies/0: expected an address or a prefix such as \"192.0.2.0/24\", got \"localhost\""},
    {"HttpForwardedHeader", R"({"http": [{"name": "main", "forwardedHeader": "X-Real-IP"}]})",
     "c.json: /http/0/forwardedHeader: expected \"x-forwarded-for\" or \"forwarded\", got \"X-Real-IP\""},
    {"Role", account(R"("roles": ["king"])"),
     "c.json: /accounts/0/roles/0: expected \"player\", \"operator\" or \"node\", got \"king\""},
    {"NoRoles", account(R"("roles": [])"),
     "c.json: /accounts/0/roles: expected at least one of \"player\", \"operator\", \"node\""},
    {"Queues", limits(R"("softQueue": "8MiB")"), "c.json: /limits/softQueue: must be less than limits/hardQueue"},
    {"PreAuth", limits(R"("messageSize": "4KiB")"),
     "c.json: /limits/preAuthMessageSize: must not be more than limits/messageSize"},
    {"IdleWarning", limits(R"("idleTimeout": "30s")"),
     "c.json: /limits/idleWarning: must be less than limits/idleTimeout"},
    {"InMemory", limits(R"("resumeWindow": "10s")"),
     "c.json: /limits/sessionInMemory: must not be more than limits/resumeWindow"},
    {"Cidr", limits(R"("exemptAddresses": ["10.0.0.0/33"])"),
     "c.json: /limits/exemptAddresses/0: expected an address or a prefix such as \"192.0.2.0/24\", got "
     "\"10.0.0.0/33\""},
    {"CidrWord", limits(R"("exemptAddresses": ["::1", "home"])"),
     "c.json: /limits/exemptAddresses/1: expected an address or a prefix such as \"192.0.2.0/24\", got \"home\""},
    {"NoRooms", R"({"lobby": {"rooms": []}})", "c.json: /lobby/rooms: expected at least one room"},
    {"Room", R"({"lobby": {"rooms": ["a b"]}})", "c.json: /lobby/rooms/0: expected 1..32 of A-Z a-z 0-9 _ -"},
};
INSTANTIATE_TEST_SUITE_P(Rules, ConfigErrors, testing::ValuesIn(kRules), [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace gw::config
