// What every translation unit that uses dgp must grant, each refused in one sentence. Compilers go
// on behind #error, into as many errors as there are throws; an include that nobody can find stops
// them. Every public header includes this before anything that could need it.
#pragma once

#ifndef __cpp_concepts
#error "dgp needs C++20 or later: compile with -std=c++20"
#include <dgp/stopped_by_the_error_above>
#endif

// Bad input is told by exceptions only. RTTI is not needed.
#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#error "dgp needs exceptions: compile without -fno-exceptions"
#include <dgp/stopped_by_the_error_above>
#endif

// This text comes a second time only out of another file.
#ifdef DGP_INCLUDED
#error "dgp_single.hpp holds the headers in dgp/ already: include it or them, not both"
#include <dgp/stopped_by_the_error_above>
#endif
#define DGP_INCLUDED
