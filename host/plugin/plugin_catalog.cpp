#include "plugin/plugin_catalog.h"

#include <algorithm>
#include <filesystem>

#include "base/log.h"

namespace gw::plugin {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> libraryFiles(const std::string& dir) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".so") files.push_back(at->path().string());
  }
  if (error) log::warn("plugin", "cannot read a plugin folder", {{"folder", dir}, {"reason", error.message()}});
  std::sort(files.begin(), files.end());
  return files;
}

std::string text(const gw_slice& slice) { return slice.len == 0 ? std::string() : std::string(slice.ptr, slice.len); }

void describe(const Generation& generation, CatalogEntry& entry) {
  const gw_descriptor& descriptor = generation.plugin().descriptor;
  entry.generation = generation.number();
  entry.sha256 = generation.sha256();
  entry.version = generation.version();
  entry.name = text(descriptor.name);
  entry.vendor = text(descriptor.vendor);
  entry.license = text(descriptor.license);
  entry.loadedAtUs = generation.loadedAtUs();
  entry.extensions = {GW_EXT_STREAM, GW_EXT_ENCODE};
  if (generation.http()) entry.extensions.emplace_back(GW_EXT_HTTP);
  if (generation.health()) entry.extensions.emplace_back(GW_EXT_HEALTH);
  if (generation.config()) entry.extensions.emplace_back(GW_EXT_CONFIG);
}

}  // namespace

PluginCatalog::PluginCatalog(CatalogOptions options, const gw_host& host) : options_(std::move(options)), host_(host) {
  gate_.pluginDirs = options_.dirs;
}

Result<void> PluginCatalog::prepare() {
  if (auto usable = prepareCopiesDir(options_.copiesDir); !usable) return usable;
  scan();
  return {};
}

void PluginCatalog::scan() {
  std::vector<CatalogEntry> found;
  for (const std::string& dir : options_.dirs) {
    for (const std::string& file : libraryFiles(dir)) {
      if (found.size() >= options_.maxFiles) {
        log::warn("plugin", "too many files in the plugin folders; the rest is not looked at", {{"folder", dir}});
        break;
      }
      CatalogEntry entry;
      entry.file = file;
      const auto note = inspectPluginFile(file, gate_);
      if (note) {
        entry.channelId = note->id;
        entry.version = note->pluginVersion;
        const auto sameId = [&](const CatalogEntry& e) { return e.refusedReason.empty() && e.channelId == note->id; };
        const auto first = std::find_if(found.begin(), found.end(), sameId);
        if (first != found.end()) entry.refusedReason = "channel " + note->id + " is already served by " + first->file;
      } else {
        entry.refusedReason = note.error().message;
      }
      if (!entry.refusedReason.empty()) log::warn("plugin", entry.refusedReason, {{"file", file}});
      found.push_back(std::move(entry));
    }
  }
  std::lock_guard lock(mutex_);
  entries_ = std::move(found);
}

std::vector<CatalogEntry> PluginCatalog::entries() const {
  std::vector<CatalogEntry> copy;
  std::vector<std::shared_ptr<Generation>> pins;  // released below the lock
  {
    std::lock_guard lock(mutex_);
    copy = entries_;
    for (const auto& [id, weak] : live_) {
      if (auto generation = weak.lock()) pins.push_back(std::move(generation));
    }
  }
  for (CatalogEntry& entry : copy) {
    for (const auto& generation : pins) {
      if (entry.file == generation->file()) describe(*generation, entry);
    }
  }
  return copy;
}

Error PluginCatalog::notFound(const std::string& channelId) const {
  std::string folders;
  for (const std::string& dir : options_.dirs) folders += (folders.empty() ? "" : ", ") + dir;
  std::string message = "no plugin for channel \"" + channelId + "\" in " + (folders.empty() ? "any folder" : folders);
  // The likely culprit is a file of that name that was refused.
  std::lock_guard lock(mutex_);
  for (const CatalogEntry& entry : entries_) {
    if (!entry.refusedReason.empty() && fs::path(entry.file).stem() == channelId) message += "; " + entry.refusedReason;
  }
  return fail(ErrorCode::kNotFound, message);
}

Result<std::shared_ptr<Generation>> PluginCatalog::generation(const std::string& channelId) {
  std::string file;
  {
    std::lock_guard lock(mutex_);
    const auto known = live_.find(channelId);
    if (known != live_.end()) {
      if (auto generation = known->second.lock()) return generation;
    }
    for (const CatalogEntry& entry : entries_) {
      if (entry.refusedReason.empty() && entry.channelId == channelId) file = entry.file;
    }
  }
  if (file.empty()) return notFound(channelId);
  // Numbers are never used twice, also not by a load that fails.
  auto loaded = Generation::load(file, options_.copiesDir, ++lastNumber_[channelId], host_, gate_);
  if (!loaded) return loaded;
  if ((*loaded)->channelId() != channelId) {
    return fail(ErrorCode::kConflict, "plugin file \"" + file + "\" is now of channel " + (*loaded)->channelId() +
                                          "; it was of " + channelId + " when the folders were scanned");
  }
  std::lock_guard lock(mutex_);
  live_[channelId] = *loaded;
  return loaded;
}

}  // namespace gw::plugin
