#include "session/saved_parts.h"

#include <functional>
#include <string>
#include <string_view>

namespace gw::session {
namespace {

/// Of a list of fields; never 0, which stands for "not known".
class ListHash {
 public:
  void add(std::string_view field) { mix(std::hash<std::string_view>{}(field)); }
  void add(uint64_t number) { mix(number + 1); }
  void add(int64_t number) { mix(static_cast<uint64_t>(number) + 1); }
  uint64_t value() const { return value_ == 0 ? 1 : value_; }

 private:
  void mix(uint64_t more) {
    value_ = (value_ ^ more) * 0x9e3779b97f4a7c15ull;  // the golden ratio spreads neighbours
    value_ ^= value_ >> 29;
  }
  uint64_t value_ = 0x2545f4914f6cdd1dull;
};

template <typename List, typename Fields>
bool isSame(uint64_t& known, const List& list, Fields fields) {
  ListHash hash;
  hash.add(static_cast<uint64_t>(list.size()));
  for (const auto& each : list) fields(hash, each);
  const bool same = known == hash.value();
  known = hash.value();
  return same;
}

}  // namespace

void SavedParts::compare(store::SessionBundle& bundle) {
  store::UnchangedParts& same = bundle.unchanged;
  same.lineages = isSame(lineages_, bundle.lineages, [](ListHash& hash, const store::LineageRecord& each) {
    hash.add(each.lineage);
    hash.add(each.device);
    hash.add(each.epoch);
    hash.add(each.seq);
  });
  same.devices = isSame(devices_, bundle.devices, [](ListHash& hash, const store::DeviceRecord& each) {
    hash.add(each.device);
    hash.add(each.lastClientSeq);
  });
  same.commands = isSame(commands_, bundle.commands, [](ListHash& hash, const store::QueuedCommand& each) {
    hash.add(each.seq);
    hash.add(each.text);
  });
  same.tokens = isSame(tokens_, bundle.tokens, [](ListHash& hash, const store::TokenRecord& each) {
    for (const std::string* field :
         {&each.hash, &each.kind, &each.lineage, &each.device, &each.attemptHash, &each.successorHash})
      hash.add(*field);
    hash.add(each.confirmedAt);
    hash.add(each.expiresAt);
  });
  same.rooms = isSame(rooms_, bundle.rooms, [](ListHash& hash, const std::string& each) { hash.add(each); });
}

}  // namespace gw::session
