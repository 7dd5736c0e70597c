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

}  // namespace

bool has_keys(const codec::Keyring& keyring) {
  return !keyring.identities.empty() || keyring.passphrase.has_value();
}

PlainStream::PlainStream(std::unique_ptr<base::Source> stored,
                         const std::vector<std::string>& encoding, const codec::Keyring& keyring)
    : source_(std::move(stored)), stored_(*source_) {
  if (vault::is_encrypted(encoding) && !has_keys(keyring)) {
    throw Error(Code::kDenied, "is encrypted, and no key was given",
                "give the key that opens it with --identity FILE");
  }
  plain_ = std::make_unique<vault::Decoder>(stored_, encoding, keyring);
}

PlainStream::~PlainStream() = default;

Error with_file_name(const std::string& name, const Error& error) {
  const bool lacks_name = error.code() == Code::kCorrupt || error.code() == Code::kDenied ||
                          error.code() == Code::kUnsupported;
  return lacks_name ? error.with_context(name) : error;
}

FileDigest read_plain(vault::ClusterVault& vault, const vault::BackupId& id,
                      const vault::CatalogFile& file, const ReadingContext& context,
                      base::Sink& sink, const std::stop_token& stop) {
  PlainStream stream(vault.get_file(id, file.name), file.encoding, context.keyring);
  const bool is_plain = file.encoding.empty();
  base::StreamDigest plain;
  std::uint64_t size_bytes = 0;
  base::Buffer buffer(kBufferBytes);
  while (const std::size_t count = stream.read(buffer)) {
    base::throw_if_stopped(stop);
    const auto piece = base::Bytes(buffer).first(count);
    if (!is_plain) plain.update(piece);
    size_bytes += count;
    if (size_bytes > file.plain_size_bytes) break;
    sink.write(piece);
    context.progress.advance(count);
  }
  return {.stored = stream.stored(), .plain = is_plain ? stream.stored() : plain};
}

std::optional<std::string> difference(const vault::CatalogFile& file, const FileDigest& digest) {
  const auto compare = [](const base::StreamDigest& found, std::uint64_t size_bytes,
                          const std::string& sha256,
                          std::string_view what) -> std::optional<std::string> {
    if (found.size_bytes() > size_bytes) {
      return cat(what, "has more than the ", size_bytes, " bytes that the catalog says");
    }
    if (found.size_bytes() != size_bytes) {
      return cat(what, "has ", found.size_bytes(), " bytes, the catalog says ", size_bytes);
    }
    if (found.sha256() == sha256) return std::nullopt;
    return cat(what, "has the SHA-256 ", found.sha256(), ", the catalog says ", sha256);
  };
  if (file.encoding.empty()) return compare(digest.plain, file.size_bytes, file.sha256, "");
  if (auto text = compare(digest.plain, file.plain_size_bytes, file.plain_sha256, "decoded, ")) {
    return text;
  }
  return compare(digest.stored, file.size_bytes, file.sha256, "");
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
