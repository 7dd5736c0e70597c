#include "cli/snapshot_argument.h"

#include "backup/detected_stream.h"
#include "base/error.h"
#include "base/random_stream.h"
#include "base/text.h"
#include "vault/encoding.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr const char* kUseAnother = "use another backup: `lifeboat list` shows what there is";

const vault::CatalogFile& snapshot_file(const vault::Catalog& catalog) {
  const vault::CatalogFile* file = catalog.file_with_role(vault::kRoleSnapshot);
  if (file == nullptr) {
    throw Error(Code::kCorrupt,
                cat("the catalog of backup ", catalog.id.text(), " names no snapshot"),
                kUseAnother);
  }
  backup::name_errors(file->name, [&] { vault::check_encoding(file->encoding); });
  return *file;
}

// Errors of `action` with the file's name before them; of damage, with what to do. A file that is
// not where a catalog has it is damage.
template <typename Action>
auto complete_errors(const std::string& name, Action action) {
  try {
    return backup::name_errors(name, action);
  } catch (const Error& error) {
    const bool is_damage = error.code() == Code::kCorrupt || error.code() == Code::kNotFound;
    if (!is_damage || !error.hint().empty()) throw;
    throw Error(Code::kCorrupt, error.what(), kUseAnother);
  }
}

// A file's content, whose errors say which file it is and what to do.
class NamedStream : public base::Source {
 public:
  using Open = std::function<std::unique_ptr<base::Source>()>;

  // `limit_bytes`: how much it may be at most, where a catalog says.
  NamedStream(std::string name, const Open& open, std::uint64_t limit_bytes = UINT64_MAX)
      : name_(std::move(name)), left_bytes_(limit_bytes) {
    complete_errors(name_, [&] { plain_ = open(); });
  }

  std::size_t read(base::MutableBytes buffer) override {
    return complete_errors(name_, [&] {
      const std::size_t count = plain_->read(buffer);
      if (count > left_bytes_) throw Error(Code::kCorrupt, "holds more than its catalog says");
      left_bytes_ -= count;
      return count;
    });
  }

 private:
  const std::string name_;
  std::uint64_t left_bytes_;
  std::unique_ptr<base::Source> plain_;
};

}  // namespace

bool names_a_file(std::string_view argument) {
  if (argument.find('/') != std::string_view::npos) return true;
  const std::string ending = vault::file_ending(vault::encoding_of_name(argument));
  return argument.substr(0, argument.size() - ending.size()).ends_with(".db");
}

std::unique_ptr<base::RandomSource> open_snapshot_file(os::FileSystem& fs,
                                                       const std::string& path) {
  try {
    return fs.open(path, os::Links::kFollow);
  } catch (const Error& error) {
    if (!error.hint().empty()) throw;
    throw Error(error.code(), error.what(),
                "name a snapshot file by its path, or a backup by its id: \"lifeboat list\"");
  }
}

SnapshotArgument::SnapshotArgument(const std::string& argument, const VaultOptions& vault_options,
                                   const ReadingOptions& reading_options, const Context& context,
                                   const std::stop_token& stop)
    : argument_(argument),
      vault_options_(vault_options),
      reading_options_(reading_options),
      context_(context),
      stop_(stop),
      keyring_(make_keyring(reading_options, context.world.fs)) {
  if (argument_ != kStandardInput && !names_a_file(argument_)) find_backup();
}

void SnapshotArgument::find_backup() {
  store_ = open_vault(vault_options_, context_.world, stop_);
  vault_ = std::make_unique<vault::ClusterVault>(*store_, choose_cluster(vault_options_, *store_));
  backup_ = vault_->find(argument_);
  snapshot_file(backup_->catalog);
}

void SnapshotArgument::check() const {
  if (!backup_ && argument_ != kStandardInput) open_snapshot_file(context_.world.fs, argument_);
}

backup::RestoreSource SnapshotArgument::source() {
  backup::RestoreSource source = backup_ ? backup_source() : file_source();
  if (stream_) {
    source.stream = stream_.get();
    source.open = {};
  }
  return source;
}

backup::RestoreSource SnapshotArgument::file_source() {
  if (argument_ == kStandardInput) {
    const auto open = [this] {
      return std::make_unique<backup::DetectedStream>(context_.world.in, keyring_);
    };
    stream_ = std::make_unique<NamedStream>("standard input", open);
    return {.name = "from standard input", .open = {}, .stream = nullptr, .expected_sha256 = {}};
  }
  const auto open = [this] { return open_snapshot_file(context_.world.fs, argument_); };
  const auto encoding = vault::encoding_of_name(argument_);
  if (!encoding.empty()) {
    stream_ = std::make_unique<NamedStream>(argument_, [&] {
      return std::make_unique<backup::PlainStream>(std::make_unique<base::RandomStream>(open()),
                                                   encoding, keyring_);
    });
  }
  return {.name = argument_, .open = open, .stream = nullptr, .expected_sha256 = {}};
}

backup::RestoreSource SnapshotArgument::backup_source() {
  const vault::BackupId& id = backup_->catalog.id;
  const vault::CatalogFile& file = snapshot_file(backup_->catalog);
  if (backup::needs_copy(*vault_, file)) {
    stream_ = std::make_unique<NamedStream>(
        file.name, [&] { return backup::open_plain(*vault_, id, file, keyring_, stop_); },
        file.plain_size_bytes);
  }
  return {.name = id.text(),
          .open =
              [this, &id, &file] {
                return complete_errors(file.name, [&] { return vault_->open_file(id, file.name); });
              },
          .stream = nullptr,
          .expected_sha256 = file.plain_sha256,
          .size_bytes = file.plain_size_bytes};
}

backup::RestoreSource SnapshotArgument::source_at_hand() {
  backup::RestoreSource result = source();
  if (result.stream == nullptr) return result;
  World& world = context_.world;
  // Of a file, nobody says how large it will be: at least as large, most often.
  const std::uint64_t size_bytes = backup_ ? snapshot_file(backup_->catalog).plain_size_bytes
                                           : open_snapshot_file(world.fs, argument_)->size_bytes();
  copy_.emplace(world.fs, scratch_folder(reading_options_.scratch, world), context_.log);
  copy_->write(*result.stream, size_bytes, stop_);
  result.stream = nullptr;
  result.open = [this] { return copy_->open(); };
  return result;
}

}  // namespace lifeboat::cli
