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
  const gw_descriptor& descriptor = generation.descriptor();
  entry.file = generation.file();  // a reload may have taken another one
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
  if (generation.login()) entry.extensions.emplace_back(GW_EXT_LOGIN);
  if (generation.migrate()) entry.extensions.emplace_back(GW_EXT_MIGRATE);
  if (const gw_state_schema* schema = generation.stateSchema()) {
    entry.stateId = text(schema->id);
    entry.stateVersion = schema->version;
    entry.stateOldestImport = schema->min_import;
    entry.stateOldestExport = schema->max_export_down;
  }
}

std::string servedBy(const std::string& channelId, const std::string& file) {
  return "channel " + channelId + " is already served by " + file;
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
        if (first != found.end()) entry.refusedReason = servedBy(note->id, first->file);
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
      if (entry.refusedReason.empty() && entry.channelId == generation->channelId()) describe(*generation, entry);
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

std::string PluginCatalog::usableFile(const std::string& channelId) const {
  const std::lock_guard lock(mutex_);
  for (const CatalogEntry& entry : entries_)
    if (entry.refusedReason.empty() && entry.channelId == channelId) return entry.file;
  return {};
}

// Numbers are never used twice, also not by a load that fails.
uint64_t PluginCatalog::nextNumber(const std::string& channelId) {
  const std::lock_guard lock(mutex_);
  return ++lastNumber_[channelId];
}

void PluginCatalog::keepTrack(const std::shared_ptr<Generation>& generation) {
  const std::lock_guard lock(mutex_);
  auto& known = loaded_[generation->channelId()];
  std::erase_if(known, [](const auto& weak) { return weak.expired(); });
  known.push_back(generation);
}

Result<std::shared_ptr<Generation>> PluginCatalog::generation(const std::string& channelId) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = live_.find(channelId);
    if (known != live_.end()) {
      if (auto generation = known->second.lock()) return generation;
    }
  }
  const std::string file = usableFile(channelId);
  if (file.empty()) return notFound(channelId);
  auto loaded = Generation::load(file, options_.copiesDir, nextNumber(channelId), host_, gate_);
  if (!loaded) return loaded;
  if ((*loaded)->channelId() != channelId) {
    return fail(ErrorCode::kConflict, "plugin file \"" + file + "\" is now of channel " + (*loaded)->channelId() +
                                          "; it was of " + channelId + " when the folders were scanned");
  }
  keepTrack(*loaded);
  promote(*loaded);
  return loaded;
}

Result<PluginCatalog::Candidate> PluginCatalog::copyForReload(const std::string& channelId, const std::string& file) {
  const std::string wanted = file.empty() ? usableFile(channelId) : file;
  return wanted.empty() ? Result<Candidate>(notFound(channelId)) : copyOf(channelId, wanted, gate_);
}

Result<PluginCatalog::Candidate> PluginCatalog::copyForLoad(const std::string& file) {
  const auto note = inspectPluginFile(file, gate_);
  return note ? copyOf(note->id, file, gate_) : Result<Candidate>(note.error());
}

std::string PluginCatalog::previousFile(const std::string& channelId) const {
  return options_.copiesDir + "/previous-" + channelId + ".so";
}

Result<PluginCatalog::Candidate> PluginCatalog::copyOfPrevious(const std::string& channelId) {
  const std::string file = previousFile(channelId);
  std::error_code problem;
  if (!fs::exists(file, problem))
    return fail(ErrorCode::kNotFound, "there is no generation of " + channelId + " to go back to: it was not reloaded");
  GateOptions gate = gate_;
  gate.pluginDirs = {options_.copiesDir};
  auto candidate = copyOf(channelId, file, gate);
  const std::lock_guard lock(mutex_);
  if (candidate) candidate->file = previousOrigin_[channelId];
  return candidate;
}

void PluginCatalog::keepPrevious(const Generation& generation) {
  const std::string file = previousFile(generation.channelId());
  std::error_code problem;
  fs::remove(file, problem);
  fs::create_hard_link(generation.copy(), file, problem);
  if (problem)
    log::warn("plugin", "the former library could not be kept: no rollback to it",
              {{"plugin", generation.channelId()}, {"reason", problem.message()}});
  const std::lock_guard lock(mutex_);
  previousOrigin_[generation.channelId()] = generation.file();
}

void PluginCatalog::discard(const Candidate& candidate) {
  std::error_code ignored;
  fs::remove(candidate.copy.path, ignored);
}

Result<PluginCatalog::Candidate> PluginCatalog::copyOf(const std::string& channelId, const std::string& file,
                                                       const GateOptions& gate) {
  const auto note = inspectPluginFile(file, gate);
  if (!note) return note.error();
  if (note->id != channelId)
    return fail(ErrorCode::kConflict,
                "plugin file \"" + file + "\" is of channel " + note->id + ", not of " + channelId);
  Candidate candidate{file, nextNumber(channelId), {}};
  auto copy = vetAndCopy(file, options_.copiesDir, candidate.number, gate);
  if (!copy) return copy.error();
  candidate.copy = std::move(*copy);
  // Read twice: what counts is what was copied.
  if (candidate.copy.note.id == channelId) return candidate;
  discard(candidate);
  return fail(ErrorCode::kConflict, "plugin file \"" + file + "\" was replaced while it was read");
}

// Of several files of a channel one is used; the others say which.
bool PluginCatalog::useFile(const std::string& channelId, const std::string& file, const std::string& version) {
  CatalogEntry* used = nullptr;
  for (CatalogEntry& entry : entries_)
    if (entry.file == file) used = &entry;
  if (used == nullptr && entries_.size() >= options_.maxFiles) return false;
  for (CatalogEntry& entry : entries_)
    if (entry.channelId == channelId && entry.refusedReason.empty()) entry.refusedReason = servedBy(channelId, file);
  if (used == nullptr) used = &entries_.emplace_back();
  *used = {};
  used->file = file;
  used->channelId = channelId;
  used->version = version;
  return true;
}

Result<void> PluginCatalog::adopt(const Candidate& candidate) {
  const std::lock_guard lock(mutex_);
  const PluginNote& note = candidate.copy.note;
  if (useFile(note.id, candidate.file, note.pluginVersion)) return {};
  return fail(ErrorCode::kTooLarge, "more than " + std::to_string(options_.maxFiles) + " plugin files are known");
}

Result<std::shared_ptr<Generation>> PluginCatalog::load(const Candidate& candidate) {
  auto loaded = Generation::load(candidate.file, candidate.copy, candidate.number, host_);
  if (loaded) keepTrack(*loaded);
  return loaded;
}

void PluginCatalog::promote(const std::shared_ptr<Generation>& generation) {
  const std::lock_guard lock(mutex_);
  live_[generation->channelId()] = generation;
  if (!useFile(generation->channelId(), generation->file(), generation->version()))
    log::warn("plugin", "too many plugin files are known; a restart loads another one",
              {{"plugin", generation->channelId()}, {"file", generation->file()}});
}

std::vector<std::shared_ptr<Generation>> PluginCatalog::living() const {
  std::vector<std::shared_ptr<Generation>> alive;
  const std::lock_guard lock(mutex_);
  for (const auto& [channelId, known] : loaded_)
    for (const auto& weak : known)
      if (auto generation = weak.lock()) alive.push_back(std::move(generation));
  return alive;
}

std::vector<std::shared_ptr<Generation>> PluginCatalog::living(const std::string& channelId) const {
  std::vector<std::shared_ptr<Generation>> alive;
  const std::lock_guard lock(mutex_);
  const auto known = loaded_.find(channelId);
  if (known == loaded_.end()) return alive;
  for (const auto& weak : known->second)
    if (auto generation = weak.lock()) alive.push_back(std::move(generation));
  return alive;
}

}  // namespace gw::plugin
