// staticFileRoutes(): see http_front.h. Files are served from memory: nothing on a loop reads a disk,
// and no path of a request ever reaches the file system.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

#include "base/crypto.h"
#include "net/http_front.h"

namespace gw::net {

namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxTotalBytes = 32 << 20;
constexpr size_t kMaxFiles = 1000;

struct StaticFile {
  std::string content;
  std::string type;
  std::string etag;
};

std::string typeOf(const fs::path& file) {
  static constexpr std::pair<const char*, const char*> kTypes[] = {{".html", "text/html; charset=utf-8"},
                                                                   {".js", "text/javascript; charset=utf-8"},
                                                                   {".mjs", "text/javascript; charset=utf-8"},
                                                                   {".css", "text/css; charset=utf-8"},
                                                                   {".json", "application/json"},
                                                                   {".map", "application/json"},
                                                                   {".txt", "text/plain; charset=utf-8"},
                                                                   {".webmanifest", "application/manifest+json"},
                                                                   {".svg", "image/svg+xml"},
                                                                   {".png", "image/png"},
                                                                   {".jpg", "image/jpeg"},
                                                                   {".ico", "image/x-icon"},
                                                                   {".woff2", "font/woff2"},
                                                                   {".wasm", "application/wasm"}};
  const std::string extension = file.extension().string();
  for (const auto& [known, type] : kTypes) {
    if (extension == known) return type;
  }
  return "application/octet-stream";
}

void serve(const StaticFile& file, HttpExchange& exchange) {
  // no-cache: kept by the browser, but asked for again, so that an upgrade shows at once.
  const std::vector<HttpHeader> headers{{"Content-Type", file.type},
                                        {"ETag", file.etag},
                                        {"Cache-Control", "no-cache"},
                                        {"Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"}};
  const std::string_view known = exchange.header("if-none-match");
  const bool isKnown = known == "*" || known.find(file.etag) != std::string_view::npos;
  exchange.reply(isKnown ? 304 : 200, headers, isKnown ? std::string_view() : file.content);
}

HttpRoute routeTo(std::string path, std::shared_ptr<const StaticFile> file) {
  HttpRoute route;
  route.method = "GET";
  route.path = std::move(path);
  route.checkOrigin = false;  // pages are public; a module script's request carries an Origin
  route.handler = [file = std::move(file)](const std::shared_ptr<HttpExchange>& exchange) { serve(*file, *exchange); };
  return route;
}

bool isHidden(const fs::path& relative) {
  for (const fs::path& part : relative) {
    if (part.string().starts_with('.')) return true;
  }
  return false;
}

std::shared_ptr<const StaticFile> readFile(const fs::path& path, std::string& error) {
  std::error_code failure;
  const uintmax_t size = fs::file_size(path, failure);
  if (!failure && size > kMaxFileBytes) {
    error = path.string() + ": larger than 1 MiB";
    return nullptr;
  }
  std::ifstream in(path, std::ios::binary);
  auto file = std::make_shared<StaticFile>();
  file->content.assign(std::istreambuf_iterator<char>(in), {});
  if (failure || !in) {
    error = path.string() + ": cannot be read";
    return nullptr;
  }
  file->type = typeOf(path);
  file->etag = "\"" + sha256Hex(file->content).substr(0, 32) + "\"";
  return file;
}

}  // namespace

std::vector<HttpRoute> staticFileRoutes(const std::string& folder, std::string& error) {
  error.clear();
  std::error_code failure;
  std::vector<HttpRoute> routes;
  size_t total = 0;
  fs::recursive_directory_iterator entries(folder, failure);
  for (; !failure && entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
    const fs::path relative = entries->path().lexically_relative(folder);
    std::error_code unknown;
    if (isHidden(relative) || !entries->is_regular_file(unknown)) continue;
    const auto file = readFile(entries->path(), error);
    if (file == nullptr) return {};
    total += file->content.size();
    if (total > kMaxTotalBytes || routes.size() >= kMaxFiles) {
      error = folder + ": more than 1,000 files or 32 MiB";
      return {};
    }
    const std::string path = "/" + relative.generic_string();
    routes.push_back(routeTo(path, file));
    if (relative.filename() == "index.html") {
      routes.push_back(routeTo(path.substr(0, path.size() - std::string("index.html").size()), file));
    }
  }
  if (failure) {
    error = folder + ": " + failure.message();
    return {};
  }
  return routes;
}

}  // namespace gw::net
