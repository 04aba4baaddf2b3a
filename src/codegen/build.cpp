// Which build this is: the build ids that the linker wrote into the object with this code and into LLVM's.
// They are hashes of what was linked, so equal ones mean equal code.
#include <link.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/TargetParser/Host.h>

#include <cstring>

#include "codegen/codegen.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

/// A search through the objects of the process: the one that holds the address.
struct Search {
  std::uintptr_t address = 0;
  std::string id;
};

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (std::size_t k = 0; k < count; ++k) {
    text += digits[bytes[k] >> 4];
    text += digits[bytes[k] & 15];
  }
  return text;
}

/// The build id among the notes of a segment: records of a header, a name and a description, each padded to 4
/// bytes.
std::string build_id_of(const unsigned char* notes, std::size_t bytes) {
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  for (std::size_t at = 0; at + sizeof(ElfW(Nhdr)) <= bytes;) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    const std::size_t name = at + sizeof note, description = name + padded(note.n_namesz);
    at = description + padded(note.n_descsz);
    if (at > bytes) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes + name, "GNU", 4) == 0)
      return hexadecimal(notes + description, note.n_descsz);
  }
  return "";
}

int visit(dl_phdr_info* object, std::size_t, void* state) {
  Search& search = *static_cast<Search*>(state);
  const auto begin = [&](const ElfW(Phdr) & segment) { return object->dlpi_addr + segment.p_vaddr; };
  bool ours = false;
  for (int k = 0; k < object->dlpi_phnum; ++k) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[k];
    ours = ours || (segment.p_type == PT_LOAD && search.address - begin(segment) < segment.p_memsz);
  }
  if (!ours) return 0;
  for (int k = 0; k < object->dlpi_phnum && search.id.empty(); ++k) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[k];
    if (segment.p_type == PT_NOTE)
      search.id = build_id_of(reinterpret_cast<const unsigned char*>(begin(segment)), segment.p_memsz);
  }
  return 1;
}

template <class Function>
std::string build_id(Function* inside) {
  Search search{reinterpret_cast<std::uintptr_t>(inside), {}};
  dl_iterate_phdr(visit, &search);
  return search.id;
}

}  // namespace

const std::string& build_identity() {
  static const support::Immortal<std::string> identity([] {
    const std::string ours = build_id(&build_identity), llvm = build_id(&llvm::sys::getProcessTriple);
    if (ours.empty() || llvm.empty()) return std::string();
    return "einx " + ours + ", LLVM " LLVM_VERSION_STRING " " + llvm;
  }());
  return identity.value;
}

}  // namespace einx::detail::codegen
