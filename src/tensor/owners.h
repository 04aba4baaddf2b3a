// Who holds a tensor's memory. A second front door of the tensor layer: few layers ask.
#pragma once
#include <einx/tensor.h>

namespace einx::detail::tensor {

struct Ownership {
  const void* memory = nullptr;  ///< equal for tensors that share it
  long tensors = 0;              ///< how many do; 0 for views of memory that is not einx's
};
Ownership ownership(const Tensor& tensor);

}  // namespace einx::detail::tensor
