// A root that programs run in: the few that scripts of tests call, with the libraries that they
// ask for, copied from this machine.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "os/process.h"
#include "testing/temp_folder.h"

namespace lifeboat::testing {

class RootTree {
 public:
  RootTree() {
    for (const char* name : {"usr/local/bin", "var/tmp", "tmp", "dev", "bin"}) make_folder(name);
    // A shell opens it for what runs in the background. A device would take more rights.
    folder_.write("dev/null", "");
    for (const char* name : {"sh", "sleep", "setsid", "cat", "mkdir", "env", "seq"}) {
      copy_program(name);
    }
  }

  const std::string& path() const { return folder_.path(); }
  std::string path(std::string_view name) const { return folder_.path(name); }
  std::string read(std::string_view name) const { return folder_.read(name); }

  void make_folder(std::string_view name) const {
    std::filesystem::create_directories(folder_.path(name));
  }
  void write_script(std::string_view name, std::string_view lines) const {
    folder_.write(name, base::cat("#!/bin/sh\n", lines, "\n"));
    std::filesystem::permissions(folder_.path(name), std::filesystem::perms::owner_all);
  }

 private:
  void copy_program(const std::string& name) {
    os::PosixPrograms programs;
    const auto found = programs.find(name, "/bin:/usr/bin");
    ASSERT_TRUE(found) << name;
    copy(*found, "bin/" + name);
    const std::string output = folder_.path("libraries");
    programs.start({"/usr/bin/ldd", {*found}, {"PATH=/usr/bin:/bin"}, output})
        ->wait(std::chrono::seconds(20), {});
    // "	libc.so.6 => /lib/libc.so.6 (0x7f)" and "	/lib64/ld-linux.so.2 (0x7f)".
    for (const std::string& word : words(folder_.read("libraries"))) {
      if (word.starts_with('/') && seen_.insert(word).second) copy(word, word.substr(1));
    }
    std::filesystem::remove(output);
  }

  static std::vector<std::string> words(std::string text) {
    for (char& character : text) {
      if (character == '\n' || character == '\t') character = ' ';
    }
    return base::split(text, ' ');
  }

  void copy(const std::string& from, const std::string& to) const {
    make_folder(std::filesystem::path(to).parent_path().string());
    std::filesystem::copy_file(from, folder_.path(to));
  }

  const TempFolder folder_;
  std::set<std::string> seen_;
};

}  // namespace lifeboat::testing
