#include "backup/stored_files.h"

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "vault/encoding.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::size_t kBufferBytes = 1024 * 1024;

std::optional<std::string> compare(std::uint64_t size_bytes, const std::string& sha256,
                                   std::uint64_t expected_bytes,
                                   const std::string& expected_sha256) {
  if (size_bytes != expected_bytes) {
    return cat("has ", size_bytes, " bytes, the catalog says ", expected_bytes);
  }
  if (sha256 == expected_sha256) return std::nullopt;
  return cat("has the SHA-256 ", sha256, ", the catalog says ", expected_sha256);
}

}  // namespace

bool has_keys(const codec::Keyring& keyring) {
  return !keyring.identities.empty() || keyring.passphrase.has_value();
}

PlainStream::PlainStream(std::unique_ptr<base::Source> stored,
                         const std::vector<std::string>& encoding, const codec::Keyring& keyring)
    : source_(std::move(stored)), stored_(*source_) {
  if (vault::is_encrypted(encoding) && !has_keys(keyring)) {
    throw no_key_given();
  }
  plain_ = std::make_unique<vault::Decoder>(stored_, encoding, keyring);
}

PlainStream::~PlainStream() = default;

Error with_file_name(const std::string& name, const Error& error) {
  const bool lacks_name = error.code() == Code::kCorrupt || error.code() == Code::kDenied ||
                          error.code() == Code::kUnsupported;
  return lacks_name ? error.with_context(name) : error;
}

// Damage in the head of an encrypted file looks like a file for somebody else: the key is to blame
// only where the stored bytes are as the catalog says.
std::unique_ptr<PlainStream> open_plain(vault::ClusterVault& vault, const vault::BackupId& id,
                                        const vault::CatalogFile& file,
                                        const codec::Keyring& keyring,
                                        const std::stop_token& stop) {
  try {
    return std::make_unique<PlainStream>(vault.get_file(id, file.name), file.encoding, keyring);
  } catch (const Error& error) {
    if (error.code() != Code::kDenied || !has_keys(keyring)) throw;
    const base::StreamDigest stored = digest_stored(vault, id, file.name, stop);
    if (const auto what = difference(file, stored.size_bytes(), stored.sha256())) {
      throw Error(Code::kCorrupt, *what, "use another backup: `lifeboat list`");
    }
    throw;
  }
}

FileDigest read_plain(vault::ClusterVault& vault, const vault::BackupId& id,
                      const vault::CatalogFile& file, const ReadingContext& context,
                      base::Sink& sink, const std::stop_token& stop) {
  const auto stream = open_plain(vault, id, file, context.keyring, stop);
  const bool is_plain = file.encoding.empty();
  base::StreamDigest plain;
  std::uint64_t size_bytes = 0;
  base::Buffer buffer(kBufferBytes);
  while (const std::size_t count = stream->read(buffer)) {
    base::throw_if_stopped(stop);
    const auto piece = base::Bytes(buffer).first(count);
    if (!is_plain) plain.update(piece);
    size_bytes += count;
    if (size_bytes > file.plain_size_bytes) break;
    sink.write(piece);
    context.progress.advance(count);
  }
  return {.stored = stream->stored(), .plain = is_plain ? stream->stored() : plain};
}

std::optional<std::string> difference(const vault::CatalogFile& file, std::uint64_t size_bytes,
                                      const std::string& sha256) {
  return compare(size_bytes, sha256, file.size_bytes, file.sha256);
}

std::optional<std::string> difference(const vault::CatalogFile& file, const FileDigest& digest) {
  const std::string_view decoded = file.encoding.empty() ? "" : "decoded, ";
  // It was not read any further.
  if (digest.plain.size_bytes() > file.plain_size_bytes) {
    return cat(decoded, "has more than the ", file.plain_size_bytes,
               " bytes that the catalog says");
  }
  const auto plain = compare(digest.plain.size_bytes(), digest.plain.sha256(),
                             file.plain_size_bytes, file.plain_sha256);
  if (plain) return cat(decoded, *plain);
  return difference(file, digest.stored.size_bytes(), digest.stored.sha256());
}

std::optional<std::string> quick_difference(vault::ClusterVault& vault, const vault::BackupId& id,
                                            const vault::CatalogFile& file) {
  const auto size_bytes = vault.file_size_bytes(id, file.name);
  if (!size_bytes) return "is missing";
  if (*size_bytes != file.size_bytes) {
    return cat("has ", *size_bytes, " bytes, the catalog says ", file.size_bytes);
  }
  if (file.fingerprint.empty()) return std::nullopt;
  const std::string found = vault.file_fingerprint(id, file.name).value_or("none");
  if (found == file.fingerprint) return std::nullopt;
  return cat("has the checksum ", base::printable(found, 200), " in its store, the catalog says ",
             base::printable(file.fingerprint, 200));
}

base::StreamDigest digest_stored(vault::ClusterVault& vault, const vault::BackupId& id,
                                 const std::string& name, const std::stop_token& stop) {
  const auto source = vault.get_file(id, name);
  base::NullSink nowhere;
  base::HashingSink hashing(nowhere);
  base::copy(*source, hashing, stop);
  return hashing.digest();
}

std::optional<Error> key_error(vault::ClusterVault& vault, const vault::BackupId& id,
                               const vault::CatalogFile& file, const codec::Keyring& keyring) {
  auto stored = vault.get_file(id, file.name);
  try {
    const PlainStream opens(std::move(stored), file.encoding, keyring);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() != Code::kDenied) throw;
    return error;
  }
}

Error no_key_given() {
  return Error(Code::kDenied, "is encrypted, and no key was given",
               "give the key that opens it with --identity FILE");
}

bool needs_copy(vault::ClusterVault& vault, const vault::CatalogFile& file) {
  return !file.encoding.empty() || vault.store().is_remote();
}

SnapshotAtHand::SnapshotAtHand(vault::ClusterVault& vault, const vault::BackupId& id,
                               const vault::CatalogFile& file, const ReadingContext& context,
                               const std::stop_token& stop)
    : vault_(vault), id_(id), name_(file.name) {
  if (!needs_copy(vault, file)) return;
  copy_.emplace(context.fs, context.scratch, context.log);
  copy_->write(file.plain_size_bytes, [&](base::Sink& sink) {
    copied_.emplace(read_plain(vault, id, file, context, sink, stop));
  });
}

std::unique_ptr<base::RandomSource> SnapshotAtHand::open() const {
  return copy_ ? copy_->open() : vault_.open_file(id_, name_);
}

}  // namespace lifeboat::backup
