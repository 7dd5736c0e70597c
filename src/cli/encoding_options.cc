#include "cli/encoding_options.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

// What parse() says is wrong belongs to the flag that it came from.
template <typename Parse>
auto parse_for(std::string_view flag, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error(Code::kInvalid, cat("--", flag, ": ", error.what()), error.hint());
  }
}

std::vector<codec::Recipient> parse_recipients(std::string_view flag,
                                               const std::vector<std::string>& texts) {
  std::vector<codec::Recipient> recipients;
  for (const std::string& text : texts) {
    recipients.push_back(parse_for(flag, [&] { return codec::Recipient::parse(text); }));
  }
  return recipients;
}

std::vector<codec::Recipient> all_recipients(const EncodingOptions& options, os::FileSystem& fs) {
  std::vector<codec::Recipient> recipients = parse_recipients("encrypt-to", options.encrypt_to);
  if (options.recipients_file.empty()) return recipients;
  const std::string text = read_named_file(fs, "recipients-file", options.recipients_file);
  std::ranges::copy(parse_for("recipients-file", [&] { return codec::parse_recipients(text); }),
                    std::back_inserter(recipients));
  return recipients;
}

codec::Secret read_secret_file(os::FileSystem& fs, std::string_view flag, const std::string& path) {
  std::string text = read_named_file(fs, flag, path);
  codec::Secret secret(text.begin(), text.end());
  codec::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return secret;
}

codec::Secret read_passphrase(os::FileSystem& fs, const std::string& path) {
  codec::Secret secret = read_secret_file(fs, "passphrase-file", path);
  drop_line_end(&secret);
  if (secret.empty()) {
    throw Error(Code::kInvalid, cat("--passphrase-file: ", path, " holds no passphrase"));
  }
  return secret;
}

void check_compression(const EncodingOptions& options) {
  if (options.compress_level == 0) {
    throw Error(Code::kInvalid, "--compress-level: zstd's levels here begin with 1",
                "give 1 (fast) to 19 (small)");
  }
}

// As `zstd -T0` has it.
int compress_threads(unsigned asked) {
  const unsigned cores = std::max(1U, std::jthread::hardware_concurrency());
  return static_cast<int>(std::min<unsigned>(asked == 0 ? cores : asked, codec::kZstdThreadsMax));
}

}  // namespace

void declare_encoding_flags(FlagTable& flags, EncodingOptions* options) {
  flags.group("Encoding");
  flags.choice("compress", {"zstd", "none"},
               "compress snapshots; if not given, backups into a bucket are, and copies stay as "
               "they are stored",
               &options->compress);
  flags.count("compress-level", "of zstd, from 1 (fast) to 19 (small)", &options->compress_level,
              19);
  flags.count(
      "compress-threads",
      "that compress at the same time, 16 MiB of memory each; 0: as many as there are cores",
      &options->compress_threads, codec::kZstdThreadsMax);
  flags.list("encrypt-to", "RECIPIENT", "encrypt for whoever has the key of this age recipient",
             &options->encrypt_to);
  flags.text("recipients-file", "FILE", "the same for every recipient in a file, one a line",
             &options->recipients_file);
  flags.list("encrypt-resources-to", "RECIPIENT",
             "encrypt the static pod resources for these instead: they hold the cluster's keys",
             &options->encrypt_resources_to);
  flags.toggle("allow-plain", "store it plain where the newest backup is encrypted",
               &options->allow_plain);
}

bool asks_for_encoding(const EncodingOptions& options) {
  return !options.compress.empty() || !options.encrypt_to.empty() ||
         !options.recipients_file.empty() || !options.encrypt_resources_to.empty();
}

vault::BackupEncoding make_encoding(const EncodingOptions& options, os::FileSystem& fs,
                                    bool is_bucket) {
  check_compression(options);
  vault::BackupEncoding encoding;
  const bool compress = options.compress.empty() ? is_bucket : options.compress == "zstd";
  if (compress) {
    encoding.snapshot.zstd = {.level = static_cast<int>(options.compress_level),
                              .threads = compress_threads(options.compress_threads)};
  }
  encoding.snapshot.recipients = all_recipients(options, fs);
  encoding.node_files.recipients =
      options.encrypt_resources_to.empty()
          ? encoding.snapshot.recipients
          : parse_recipients("encrypt-resources-to", options.encrypt_resources_to);
  return encoding;
}

void declare_reading_flags(FlagTable& flags, ReadingOptions* options) {
  flags.group("Reading what is encoded");
  flags.list("identity", "FILE", "a file with an age identity that opens what is encrypted",
             &options->identity_files);
  flags.text("passphrase-file", "FILE", "a file with the passphrase that opens what is encrypted",
             &options->passphrase_file);
  declare_scratch_flag(flags, &options->scratch);
}

void declare_scratch_flag(FlagTable& flags, std::string* scratch) {
  flags.text(
      "scratch", "DIR",
      "where snapshots are put that have to be at hand; TMPDIR or /var/tmp if not given, but "
      "for restore, which puts them beside the new database then",
      scratch);
}

std::string scratch_folder(const std::string& scratch, const World& world) {
  return scratch.empty() ? environment_value(world.environment, "TMPDIR", "/var/tmp") : scratch;
}

codec::Keyring make_keyring(const ReadingOptions& options, os::FileSystem& fs) {
  codec::Keyring keyring;
  for (const std::string& path : options.identity_files) {
    const codec::Secret text = read_secret_file(fs, "identity", path);
    auto identities = parse_for("identity", [&] {
      try {
        return codec::parse_identities(base::as_text(base::Bytes(text)));
      } catch (const Error& error) {
        throw error.with_context(path);
      }
    });
    std::ranges::move(identities, std::back_inserter(keyring.identities));
  }
  if (!options.passphrase_file.empty()) {
    keyring.passphrase = read_passphrase(fs, options.passphrase_file);
  }
  return keyring;
}

backup::ReadingContext reading_context(const ReadingOptions& options, const codec::Keyring& keyring,
                                       const Context& context) {
  return {.fs = context.world.fs,
          .log = context.log,
          .progress = context.progress,
          .keyring = keyring,
          .scratch = scratch_folder(options.scratch, context.world)};
}

}  // namespace lifeboat::cli
