#pragma once
// IntrusivePtr: a counted pointer without atomics, for objects that never leave their loop.
// T derives from LoopCounted<T>.

#include <cstdint>
#include <utility>

namespace gw {

template <typename T>
class LoopCounted {
 public:
  void addRef() { ++refs_; }
  void dropRef() {
    if (--refs_ == 0) delete static_cast<T*>(this);
  }
  uint32_t refs() const { return refs_; }

 protected:
  LoopCounted() = default;
  ~LoopCounted() = default;

 private:
  uint32_t refs_ = 0;
};

template <typename T>
class IntrusivePtr {
 public:
  IntrusivePtr() = default;
  explicit IntrusivePtr(T* object) : object_(object) {
    if (object_) object_->addRef();
  }
  IntrusivePtr(const IntrusivePtr& other) : IntrusivePtr(other.object_) {}
  IntrusivePtr(IntrusivePtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  IntrusivePtr& operator=(IntrusivePtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~IntrusivePtr() {
    if (object_) object_->dropRef();
  }
  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

}  // namespace gw
