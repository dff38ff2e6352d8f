// A network that is run step by step: owns packed weights, state and scratch.
#pragma once

#include <nanobind/nanobind.h>

namespace elman {

/// Add the class `Stepper` to the module.
void bind_stepper(nanobind::module_& m);

}  // namespace elman
