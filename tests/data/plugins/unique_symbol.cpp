// An inline variable with default visibility becomes a UNIQUE symbol, which pins the library.
#include "channel_template.h"
template <typename T>
struct __attribute__((visibility("default"))) Counter {
  static inline int count = 0;
};
int nextCount() { return ++Counter<int>::count; }
