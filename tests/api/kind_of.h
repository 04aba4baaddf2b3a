// Which error a call raises.
#pragma once
#include <functional>
#include <string>

#include <einx/error.h>

/// "ValueError bad-parameter"; empty if it raises none.
inline std::string kind_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const einx::Error& error) {
    return std::string(error.class_name()) + " " + std::string(error.kind());
  }
  return "";
}
