// A file system in memory that can lose power, run full, and fail any call.
//
// It keeps two states: what a process sees, and what survives a power cut. File contents become
// safe by sync(), names and owners by sync_directory(), as os/fs.h says; power_cut() throws the
// rest away.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "os/fs.h"

namespace lifeboat::testing {

class FaultFs : public os::FileSystem {
 public:
  FaultFs();
  ~FaultFs() override;

  // What happens at the n-th call from now that can fail (1 is the next one).
  enum class Fault {
    kIoError,   // that call throws kIo, once; a write keeps half of its bytes
    kDiskFull,  // counts appends and creations only: that one and all later ones throw kNoSpace
    kKill,      // that call and all later ones throw Killed and change nothing: the process died
  };
  void fail_at(std::uint64_t call, Fault fault);
  // Whether the fault came to pass since fail_at.
  bool fault_happened() const;
  // Forgets the planned fault.
  void clear_fault();

  // Everything not synced is gone; locks are free; open files are dead. Implies clear_fault.
  void power_cut();
  // What a killed process leaves: everything stays, locks are free. Implies clear_fault.
  void process_death();

  // Bytes that fit in all files together; no limit by default.
  void set_capacity(std::uint64_t bytes);
  // Everything that writes throws kDenied from now on.
  void set_read_only(bool read_only);
  // Without, exchange() throws kUnsupported, as on NFS.
  void set_exchange_supported(bool supported);
  // Without, rename_new() throws kUnsupported, as on CIFS.
  void set_rename_new_supported(bool supported);

  // Tampering, as from outside: no fault applies and it is safe at once. Parents are made.
  void put_file(const std::string& path, std::string_view content);
  // Changes the lowest bit of one byte of a file.
  void flip_bit(const std::string& path, std::size_t offset);
  void put_symlink(const std::string& path);
  void put_directory(const std::string& path);
  std::string file_content(const std::string& path) const;
  os::Owner owner(const std::string& path) const;
  // Every path below the root, sorted, folders with a slash at the end.
  std::vector<std::string> tree() const;

  // Thrown by kKill. Not a base::Error: code under test must not handle its own death.
  struct Killed {};

  // Shared with the files and locks that are open.
  struct State;

  std::unique_ptr<os::ReadableFile> open(const std::string& path, os::Links links) override;
  std::unique_ptr<os::WritableFile> create(const std::string& path) override;
  std::optional<os::FileInfo> info(const std::string& path) override;
  std::vector<os::DirectoryEntry> list(const std::string& path) override;
  void make_directory(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void rename_new(const std::string& from, const std::string& to) override;
  void exchange(const std::string& one, const std::string& other) override;
  void remove_file(const std::string& path) override;
  void remove_directory(const std::string& path) override;
  void set_owner(const std::string& path, const os::Owner& owner) override;
  void sync_directory(const std::string& path) override;
  std::uint64_t available_bytes(const std::string& path) override;
  std::unique_ptr<os::FileLock> lock(const std::string& path) override;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace lifeboat::testing
