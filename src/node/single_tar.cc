#include "node/single_tar.h"

#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "node/gzip_check.h"
#include "node/tar_reader.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using Type = ArchivedEntry::Type;

// Static pod resources hold files of any name: the snapshot is not to be looked for among them.
bool is_snapshot(const ArchivedEntry& entry) {
  const std::string_view path = entry.header.name;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return entry.type == Type::kFile && path.find("static-pod-resources/") == path.npos &&
         name.ends_with(".db") && (name == "snapshot.db" || name.starts_with("snapshot_"));
}

// Calls `take` with each piece of the entry that the reader stands at. What a header says of the
// size was believed when the next one was made of it.
template <typename Take>
void for_each_piece(TarReader& tar, const ArchivedEntry& entry, Take take) {
  std::uint64_t size_bytes = 0;
  for (auto piece = tar.read(); !piece.empty(); piece = tar.read()) {
    size_bytes += piece.size();
    if (size_bytes > entry.header.size_bytes) break;
    take(piece);
  }
  if (size_bytes == entry.header.size_bytes) return;
  throw Error(Code::kCorrupt,
              cat(base::printable(entry.header.name), " in it is not as long as the archive says"));
}

void copy_entry(TarReader& tar, const ArchivedEntry& entry, TarWriter& copy) {
  switch (entry.type) {
    case Type::kFile:
      copy.begin_file(entry.header);
      for_each_piece(tar, entry, [&](base::Bytes piece) { copy.write(piece); });
      return;
    case Type::kFolder:
      return copy.add_folder(entry.header);
    case Type::kSymlink:
      return copy.add_symlink(entry.header, entry.target);
    case Type::kHardLink:
      return copy.add_hard_link(entry.header, entry.target);
    case Type::kOther:
      throw Error(Code::kCorrupt, cat(base::printable(entry.header.name),
                                      " in it is neither file, folder nor link"));
  }
}

[[noreturn]] void changed() {
  throw Error(Code::kCorrupt, "the archive changed while it was read",
              "adopt it again once nobody writes to it");
}

}  // namespace

SingleTar examine_single_tar(base::RandomSource& archive, const std::stop_token& stop) {
  SingleTar contents;
  TarReader tar(archive, stop);
  while (const auto entry = tar.next()) {
    if (!is_snapshot(*entry)) {
      ++contents.other_entries;
      continue;
    }
    if (!contents.snapshot_name.empty()) {
      throw Error(Code::kCorrupt,
                  cat("the archive holds two snapshots, ", base::printable(contents.snapshot_name),
                      " and ", base::printable(entry->header.name)));
    }
    contents.snapshot_name = entry->header.name;
    contents.snapshot_bytes = entry->header.size_bytes;
  }
  if (contents.snapshot_name.empty()) {
    throw Error(Code::kCorrupt, "the archive holds no snapshot.db");
  }
  check_gzip(archive, stop);
  return contents;
}

void copy_snapshot(base::RandomSource& archive, const SingleTar& contents, base::Sink& sink,
                   const std::stop_token& stop) {
  TarReader tar(archive, stop);
  while (const auto entry = tar.next()) {
    if (entry->header.name != contents.snapshot_name || !is_snapshot(*entry)) continue;
    if (entry->header.size_bytes != contents.snapshot_bytes) break;
    return for_each_piece(tar, *entry, [&](base::Bytes piece) { sink.write(piece); });
  }
  changed();
}

void copy_other_entries(base::RandomSource& archive, const SingleTar& contents, base::Sink& sink,
                        const std::stop_token& stop) {
  TarReader tar(archive, stop);
  TarWriter copy(sink, Compression::kGzip);
  std::uint64_t copied = 0;
  while (const auto entry = tar.next()) {
    if (is_snapshot(*entry)) continue;
    copy_entry(tar, *entry, copy);
    ++copied;
  }
  if (copied != contents.other_entries) changed();
  copy.finish();
}

}  // namespace lifeboat::node
