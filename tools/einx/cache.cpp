// einx cache: the kernels that earlier processes compiled.
#include <iostream>

#include "arguments.h"
#include "commands.h"
#include "disk/disk.h"

namespace einx_command {
namespace {

namespace disk = einx::detail::disk;

constexpr const char* kHelp = R"help(einx cache stats|clear|dir

What the command compiles is kept in a folder and taken from there by the processes that come later.

  stats   the folder, how many kernels it holds, their bytes and how many they may be
  clear   removes the kernels
  dir     prints the folder

EINX_CACHE_DIR names the folder, the default is "einx" in the XDG cache folder ($XDG_CACHE_HOME or ~/.cache); set to nothing, it
turns the cache off. EINX_DISK_CACHE_BYTES bounds it: kernels used longest ago go first.
)help";

std::string kernels(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " kernel" : " kernels");
}

int show(disk::Store& store) {
  const disk::Contents found = store.contents();
  std::cout << "folder  " << store.folder() << "\nholds   " << kernels(found.entries) << ", " << found.bytes
            << " of at most " << store.limit() << " bytes\n";
  return 0;
}

int clear(disk::Store& store) {
  const disk::Contents removed = store.clear();
  std::cout << "removed " << kernels(removed.entries) << ", " << removed.bytes << " bytes\n";
  return 0;
}

int print_folder(disk::Store& store) {
  std::cout << store.folder() << "\n";
  return 0;
}

struct Action {
  const char* name;
  int (*run)(disk::Store&);
};
constexpr Action kActions[] = {{"stats", show}, {"clear", clear}, {"dir", print_folder}};

}  // namespace

int cache(const Words& words) {
  const Arguments arguments = parse_arguments(words, {});
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (arguments.words.size() != 1 || !arguments.settings.empty())
    throw UsageError("einx cache takes one word: stats, clear or dir");
  for (const Action& action : kActions) {
    if (arguments.words[0] != action.name) continue;
    if (const auto store = disk::store()) return action.run(*store);
    std::cerr << "no kernels are kept: EINX_CACHE_DIR is empty, or there is no home directory\n";
    return 1;
  }
  throw UsageError("einx cache has no " + arguments.words[0] + ": stats, clear or dir");
}

}  // namespace einx_command
