// Flags for how backups are stored (compressed, encrypted) and for what is needed to read them
// again (keys, a place to work in).
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "backup/stored_files.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "codec/age_keys.h"
#include "vault/encoding.h"

namespace lifeboat::cli {

struct EncodingOptions {
  std::string compress;  // "zstd", "none"; empty: as the vault's kind has it
  unsigned compress_level = 3;
  unsigned compress_threads = 1;
  std::vector<std::string> encrypt_to;
  std::string recipients_file;
  std::vector<std::string> encrypt_resources_to;
  bool allow_plain = false;
};

void declare_encoding_flags(FlagTable& flags, EncodingOptions* options);

// Whether any of them was given.
bool asks_for_encoding(const EncodingOptions& options);

// What becomes of a backup in a vault that is a bucket, or not. Throws kInvalid for what is no
// recipient and for files that can't be read.
vault::BackupEncoding make_encoding(const EncodingOptions& options, os::FileSystem& fs,
                                    bool is_bucket);

struct ReadingOptions {
  std::vector<std::string> identity_files;
  std::string passphrase_file;
  std::string scratch;
};

void declare_reading_flags(FlagTable& flags, ReadingOptions* options);
// Only --scratch.
void declare_scratch_flag(FlagTable& flags, std::string* scratch);

// The folder that was named, or where this system keeps what nobody needs for long.
std::string scratch_folder(const std::string& scratch, const World& world);

// Reads the files that the flags name. Throws kInvalid; no message quotes what is in them.
codec::Keyring make_keyring(const ReadingOptions& options, os::FileSystem& fs);

// Borrows `keyring` and `context`.
backup::ReadingContext reading_context(const ReadingOptions& options, const codec::Keyring& keyring,
                                       const Context& context);

}  // namespace lifeboat::cli
