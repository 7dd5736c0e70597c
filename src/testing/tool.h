// Programs that others wrote, for tests that compare ours with them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "os/process.h"
#include "testing/temp_folder.h"

namespace lifeboat::testing {

// The path of an installed program; nullopt if it is not there, and then a test skips itself.
inline std::optional<std::string> find_tool(const std::string& name) {
  return os::PosixPrograms().find(name, "/usr/local/bin:/usr/bin:/bin");
}

// Runs it to its end. Returns whether it ended with 0; what it said goes to `folder`'s file "said".
inline bool run_tool(const std::string& path, const std::vector<std::string>& arguments,
                     const TempFolder& folder) {
  os::PosixPrograms programs;
  const auto process = programs.start({path, arguments, {}, folder.path("said")});
  return process->wait(std::chrono::minutes(2), {}) && process->end() == "exit status 0";
}

}  // namespace lifeboat::testing
