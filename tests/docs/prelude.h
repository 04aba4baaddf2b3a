// What stands before every example of the documentation, so that each can show only what it is about.
#pragma once
#include <einx/einx.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

using einx::Tensor;
