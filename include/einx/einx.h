// einx for C++: tensor notation, compiled just in time.
//
//   einx::Tensor x = einx::Tensor::iota({4, 6});
//   einx::Tensor y = einx::sum("a (b [c])", x, {{"c", 3}});   // f32[4, 2]
#pragma once
#include <einx/arrange.h>
#include <einx/cache.h>
#include <einx/control.h>
#include <einx/compiled.h>
#include <einx/custom.h>
#include <einx/einops.h>
#include <einx/einsum.h>
#include <einx/error.h>
#include <einx/graph.h>
#include <einx/guards.h>
#include <einx/jit.h>
#include <einx/module.h>
#include <einx/operand.h>
#include <einx/operations.h>
#include <einx/optimize.h>
#include <einx/paths.h>
#include <einx/saved.h>
#include <einx/script.h>
#include <einx/solve.h>
#include <einx/tensor.h>
#include <einx/v03.h>
#include <einx/value.h>
