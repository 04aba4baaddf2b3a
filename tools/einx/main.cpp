// einx: tensor notation from the command line.
#include <einx/cache.h>
#include <einx/error.h>

#include <cstdlib>
#include <iostream>

#include "arguments.h"
#include "commands.h"
#include "disk/disk.h"

namespace {

using einx_command::Words;

struct Command {
  const char* name;
  int (*run)(const Words&);
};
constexpr Command kCommands[] = {
    {"explain", einx_command::explain},
    {"bench", einx_command::bench},
    {"eval", einx_command::eval},
    {"optimize", einx_command::optimize},
    {"compile", einx_command::compile},
    {"run", einx_command::run_model},
    {"cache", einx_command::cache},
    {"path", einx_command::path},
    {"ops", einx_command::list_operations},
    {"env", einx_command::list_environment},
};

constexpr const char* kHelp = R"help(einx: tensor notation, compiled just in time

  einx OPERATION PATTERN OPERAND... [NAME=SIZE...] [-o FILE.npy]...   run an operation
  einx explain OPERATION PATTERN TYPE... [NAME=SIZE...] [--emit WHAT]...   show what it becomes
  einx bench OPERATION PATTERN TYPE... [NAME=SIZE...]                 time its stages, call and kernel
  einx eval                                                          JSON cases on stdin, results on stdout
  einx run MODEL.einx OPERAND... [--function NAME] [-o FILE.npy]...    run a function of a file
  einx optimize MODEL.einx [-o OUT.einx] [--print-after-all]          simplify the functions of a file
  einx compile MODEL.einx [--emit WHAT]... [-o FILE]                  compile them
  einx cache stats|clear|dir                                         the compiled kernels that are kept on disk
  einx path EQUATION SHAPE...                                        the best order to contract an einsum's operands
  einx ops                                                           the operations
  einx env                                                           the environment variables

With --dialect einx-0.3, einops or einsum an operation, explain and bench read the names and patterns of that notation.

  einx sum "b c [h w]" image.npy -o out.npy
  einx id "(h p) w -> p h w" x.npy p=2
  einx explain sum "a [b]" "f32[10, 10]" --emit loops
  einx --dialect einx-0.3 rearrange "a, b -> (b + a)" x.npy y.npy

Each command has a --help of its own. Exit status: 0, 1 for an error of the library (its message is on stderr), 2 for a command line that
makes no sense.
)help";

/// Processes of the command are short, so they keep what they compile for the next one; EINX_CACHE_DIR says where, and
/// set to nothing that they must not. `bench` is to see how long compiling takes.
void choose_cache_directory(const std::string& command) {
  if (command == "bench")
    einx::set_cache_directory("");
  else if (std::getenv("EINX_CACHE_DIR") == nullptr)
    einx::set_cache_directory(einx::detail::disk::default_folder(std::getenv));
}

int dispatch(Words words) {
  if (words.empty()) throw einx_command::UsageError("a command or an operation is missing");
  const std::string name = words.front();
  if (name == "--help" || name == "-h" || name == "help") {
    std::cout << kHelp;
    return 0;
  }
  choose_cache_directory(name);
  for (const Command& command : kCommands)
    if (name == command.name) return command.run(Words(words.begin() + 1, words.end()));
  if (name.starts_with('-') && name != "--dialect" && !name.starts_with("--dialect="))
    throw einx_command::UsageError("there is no option " + name + " here");
  return einx_command::call(words);
}

}  // namespace

int main(int count, char** words) {
  try {
    const int status = dispatch(Words(words + 1, words + count));
    std::cout.flush();
    return std::cout ? status : 1;
  } catch (const einx_command::UsageError& error) {
    std::cerr << "einx: " << error.what() << "\nTry einx --help.\n";
    return 2;
  } catch (const einx::Error& error) {
    std::cerr << error.class_name() << ": " << error.what() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "einx: " << error.what() << "\n";
  }
  return 1;
}
