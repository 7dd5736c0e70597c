#include "node/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <exception>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using Type = ArchivedEntry::Type;

constexpr std::size_t kBufferBytes = 64 * 1024;

std::string text_of(const char* text) { return text == nullptr ? std::string() : text; }

Type type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return Type::kHardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return Type::kFile;
    case AE_IFDIR:
      return Type::kFolder;
    case AE_IFLNK:
      return Type::kSymlink;
    default:
      return Type::kOther;
  }
}

std::string target_of(archive_entry* entry, Type type) {
  if (type == Type::kHardLink) return text_of(archive_entry_hardlink(entry));
  return type == Type::kSymlink ? text_of(archive_entry_symlink(entry)) : std::string();
}

// The archive may say anything; no calendar goes further than these.
base::TimePoint modified(archive_entry* entry) {
  constexpr std::int64_t kYear0 = -62'167'219'200;
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  const std::int64_t seconds = archive_entry_mtime(entry);
  return base::TimePoint(std::chrono::seconds(std::clamp(seconds, kYear0, kYear9999)));
}

// The oldest header, in which our own archives have them, has no room for more.
std::string account_name(const char* name) {
  std::string text = text_of(name);
  return text.size() <= kAccountNameBytesMax ? text : std::string();
}

TarEntry header_of(archive_entry* entry, Type type) {
  TarEntry header;
  // In a locale of plain ASCII the first of them has nothing for a name that the archive has as
  // UTF-8 beyond that.
  const char* name = archive_entry_pathname(entry);
  header.name = text_of(name == nullptr ? archive_entry_pathname_utf8(entry) : name);
  while (type == Type::kFolder && header.name.ends_with('/')) header.name.pop_back();
  if (type == Type::kFile) {
    header.size_bytes = static_cast<std::uint64_t>(archive_entry_size(entry));
  }
  header.mode = archive_entry_perm(entry);
  header.modified = modified(entry);
  header.owner = {static_cast<std::uint32_t>(archive_entry_uid(entry)),
                  static_cast<std::uint32_t>(archive_entry_gid(entry))};
  header.user_name = account_name(archive_entry_uname(entry));
  header.group_name = account_name(archive_entry_gname(entry));
  return header;
}

}  // namespace

// No exception may pass through the library, so what the source throws is kept until it returns.
struct TarReader::Input {
  base::RandomSource& source;
  const std::stop_token stop;
  std::uint64_t offset = 0;
  base::Buffer buffer = base::Buffer(kBufferBytes);
  std::exception_ptr failure = nullptr;

  static la_ssize_t get(archive* /*archive*/, void* client, const void** bytes) {
    auto* input = static_cast<Input*>(client);
    try {
      base::throw_if_stopped(input->stop);
      const std::size_t count = input->source.read_at(input->offset, input->buffer);
      input->offset += count;
      *bytes = input->buffer.data();
      return static_cast<la_ssize_t>(count);
    } catch (...) {
      input->failure = std::current_exception();
      return -1;
    }
  }
};

TarReader::TarReader(base::RandomSource& source, std::stop_token stop, Unpacked unpacked)
    : input_(std::make_unique<Input>(Input{source, std::move(stop)})),
      archive_(archive_read_new()),
      piece_(kBufferBytes) {
  LIFEBOAT_CHECK(archive_ != nullptr);
  if (unpacked == Unpacked::kTar) {
    archive_read_support_format_tar(archive_);
  } else {
    archive_read_support_format_raw(archive_);
    archive_read_support_format_empty(archive_);
  }
  archive_read_support_filter_gzip(archive_);
  try {
    check(archive_read_open(archive_, input_.get(), nullptr, &Input::get, nullptr));
  } catch (...) {
    archive_read_free(archive_);
    throw;
  }
}

TarReader::~TarReader() { archive_read_free(archive_); }

std::optional<ArchivedEntry> TarReader::next() {
  base::throw_if_stopped(input_->stop);
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_, &entry);
  if (result == ARCHIVE_EOF) return std::nullopt;
  // A warning is about a name or a time that this machine has no words for.
  check(result == ARCHIVE_WARN ? ARCHIVE_OK : result);
  const Type type = type_of(entry);
  return ArchivedEntry{type, header_of(entry, type), target_of(entry, type)};
}

base::Bytes TarReader::read() {
  base::throw_if_stopped(input_->stop);
  const la_ssize_t count = archive_read_data(archive_, piece_.data(), piece_.size());
  check(count);
  return base::Bytes(piece_).first(static_cast<std::size_t>(count));
}

void TarReader::check(long result) {
  if (input_->failure) std::rethrow_exception(input_->failure);
  if (result >= ARCHIVE_OK) return;
  const char* why = archive_error_string(archive_);
  throw Error(Code::kCorrupt,
              cat("it is no whole tar archive: ",
                  base::printable(why == nullptr ? "its end is missing" : why, 200)));
}

}  // namespace lifeboat::node
