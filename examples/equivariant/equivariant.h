// All of it: irreps, their symbols, matrices and harmonics, and the modules.
#pragma once
#include "gate.h"
#include "irreps.h"
#include "linear.h"
#include "network.h"
#include "spherical.h"
#include "stories.h"
#include "tensor_product.h"
#include "wigner.h"
