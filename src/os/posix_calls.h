// What the files of this folder share when they call POSIX: how a failure is told, and the loops
// around calls that do less than they are asked for. Inside this folder only.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "os/descriptor.h"
#include "os/fs.h"

namespace lifeboat::os {

// Flags of every open: no child inherits the file, no terminal becomes ours, and a FIFO that
// somebody left under the name does not make us wait for its other end.
inline constexpr int kAlwaysOpenWith = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

// "cannot ACTION PATH: why", with the code of os/fs.h for the errno `number` and a hint.
base::Error posix_failure(std::string_view action, const std::string& path, int number);

// Calls until no signal interrupts.
template <typename Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

// The three below throw as posix_failure does; `path` is for the message.
struct stat status_of(std::string_view action, const std::string& path, int descriptor);
// Throws kInvalid for what is no regular file.
void refuse_what_is_no_file(std::string_view action, const std::string& path, mode_t mode);
// Fills the front of `buffer`; less of it only at the end of the file.
std::size_t read_at(int descriptor, const std::string& path, std::uint64_t offset,
                    base::MutableBytes buffer);

FileType type_of(mode_t mode);

// What is in the open folder, sorted by name, without "." and "..". Takes the descriptor over.
std::vector<DirectoryEntry> list_entries(Descriptor folder, const std::string& path);

}  // namespace lifeboat::os
