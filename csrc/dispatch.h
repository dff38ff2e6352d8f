// Which kernels this process runs.
#pragma once

#include <string>
#include <vector>

#include "kernels.h"

namespace elman {

/// Names of the instruction sets that both this build and this machine have, best first.
std::vector<std::string> supported();

/// The kernels in use: at first the best supported.
const Kernels& kernels();

/// Use those of one instruction set. Throws std::invalid_argument if it is not supported.
void select(const std::string& isa);

}  // namespace elman
