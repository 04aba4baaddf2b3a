// Small blocks: a bounded, intrusive free list per size class and thread. A block freed on another thread
// than the one that allocated it simply joins that thread's list, since all blocks come from the C library
// one by one.
#include "runtime/memory.h"

namespace einx::runtime {
namespace {

struct Block {
  Block* next;
};

constexpr size_t kClassStep = 64;
constexpr size_t kClasses = kSmallLimit / kClassStep;
constexpr int32_t kBlocksPerClass = 32;

enum class Life : int32_t { fresh, live, ended };

/// Constant-initialised and trivially destroyed, so that access costs no guard and works during thread exit.
struct Lists {
  Block* head[kClasses] = {};
  int32_t length[kClasses] = {};
  Life life = Life::fresh;
};
thread_local constinit Lists lists;

size_t class_of(size_t bytes) { return (bytes - 1) / kClassStep; }

void release_all() {
  for (size_t c = 0; c < kClasses; ++c) {
    while (Block* block = lists.head[c]) {
      lists.head[c] = block->next;
      system_free(block);
    }
    lists.length[c] = 0;
  }
}

/// Gives the lists back when the thread ends; blocks freed after that go straight to the C library.
struct AtThreadExit {
  bool armed = false;
  ~AtThreadExit() {
    release_all();
    lists.life = Life::ended;
  }
};
thread_local AtThreadExit at_thread_exit;

}  // namespace

void* small_allocate(size_t bytes) {
  const size_t c = class_of(bytes);
  Block* block = lists.head[c];
  if (block == nullptr) return system_allocate((c + 1) * kClassStep);
  lists.head[c] = block->next;
  --lists.length[c];
  return block;
}

void small_free(void* data, size_t bytes) {
  const size_t c = class_of(bytes);
  if (lists.life != Life::live) {
    if (lists.life == Life::ended) return system_free(data);
    at_thread_exit.armed = true;  // first touch registers the destructor
    lists.life = Life::live;
  }
  if (lists.length[c] >= kBlocksPerClass) return system_free(data);
  Block* block = static_cast<Block*>(data);
  block->next = lists.head[c];
  lists.head[c] = block;
  ++lists.length[c];
}

void small_trim() { release_all(); }

}  // namespace einx::runtime
