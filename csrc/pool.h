// Helpers for a step: threads that take a part of a short job when they are awake anyway.
//
// A step of a few microseconds is too short to wake a thread for, and its weights are too large
// for one core's cache. So helpers stay awake for a moment after a job and then sleep; they are
// woken only while jobs follow one another in quick succession.
#pragma once

namespace elman {

/// The most parts of a job.
inline constexpr int MAX_PARTS = 64;

/// Call body(data, i) once for each i in 0..parts-1, 1 <= parts <= MAX_PARTS; return when all ran.
///
/// The caller runs part 0, helper i part i, so that what a part reads stays in one core's cache.
/// Nobody waits for a helper that has not begun: the caller takes the part back. The helpers are
/// the process's, made when first needed; they serve one caller at a time, and a second one does
/// all of its parts itself, as do callers whose affinity is a single core. Where helpers turn out
/// slow, because others use the cores, they are left alone for a while. A forked child makes its
/// own. body must not throw and must not call `share`.
void share(int parts, void (*body)(void* data, int i), void* data);

}  // namespace elman
