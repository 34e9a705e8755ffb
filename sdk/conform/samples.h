#pragma once
// Events of every kind and shape, to encode and wrap.

#include <string>
#include <vector>

#include "conform/check.h"

namespace gw::conform {

struct Sample {
  std::string name;
  testing::FakeEvent event;
};

std::vector<Sample> sampleEvents();

/// The classes that the context's streams set, each once.
struct SampleClass {
  const Conversation* conversation;  // one of context.streams()
  std::string description;
};
std::vector<SampleClass> sampleClasses(Context& context);

}  // namespace gw::conform
