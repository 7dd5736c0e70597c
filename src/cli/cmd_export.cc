#include "backup/export.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/encoding_options.h"
#include "cli/output.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;
using base::Json;

constexpr std::string_view kStandardOutput = "-";

// Data on standard output, which a full disk or a closed pipe may refuse.
class StreamSink : public base::Sink {
 public:
  explicit StreamSink(std::ostream& out) : out_(out) {}

  void write(base::Bytes bytes) override {
    out_.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!out_) throw Error(Code::kIo, "cannot write to standard output: it is closed, or full");
  }
  void finish() override { out_.flush(); }

 private:
  std::ostream& out_;
};

Json document(const vault::BackupId& id, const std::string& folder,
              const std::vector<backup::ExportedFile>& files) {
  Json list = Json::array();
  for (const auto& file : files) {
    list.push(Json::object()
                  .set("name", file.name)
                  .set("size", file.size_bytes)
                  .set("sha256", file.sha256));
  }
  return Json::object().set("id", id.text()).set("to", folder).set("files", std::move(list));
}

class ExportCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "export",
        .arguments = "ID | latest",
        .summary = "brings a backup out of the vault as plain files",
        .description =
            "Proves the backup, and writes its files into a folder, decoded, as OpenShift's "
            "cluster-restore.sh and etcdutl take them. Nothing that is there is overwritten.\n\n"
            "With --to - it writes a tar archive to standard output, so that kubectl exec can "
            "bring a backup out of a pod that has no tar and no shell.",
        .examples = {{"lifeboat export latest --vault /backups --to /home/core/assets/backup",
                      "The plain files, to be restored from."},
                     {"kubectl exec -n etcd-backup POD -- \\\n"
                      "    lifeboat export latest --vault /backups --to - > backup.tar",
                      "Out of a pod."}},
        .argument_choices = {"latest"}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &options_);
    flags.group("Export");
    flags.text("to", "DIR|-", "the folder to write to, or - for a tar on standard output", &to_);
    declare_reading_flags(flags, &reading_options_);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 1, 1, "the id of a backup, or latest");
    check_target(context);
    const auto store = open_vault(options_, context.world, stop);
    vault::ClusterVault vault(*store, choose_cluster(options_, *store));
    const vault::StoredBackup backup = vault.find(context.arguments.front());
    const codec::Keyring keyring = make_keyring(reading_options_, context.world.fs);
    const auto reading = reading_context(reading_options_, keyring, context);
    if (to_ == kStandardOutput) {
      StreamSink sink(context.world.out);
      backup::export_to_tar(vault, backup, reading, sink, stop);
      return kDone;
    }
    const auto files = backup::export_to_folder(vault, backup, reading, to_, stop);
    if (context.json) {
      print_json(context.world.out, document(backup.catalog.id, to_, files));
    } else {
      print(context.world.out, files);
    }
    return kDone;
  }

 private:
  void check_target(const Context& context) const {
    if (to_.empty()) throw Error(Code::kInvalid, "--to is missing: a folder, or - for a tar");
    if (to_ == kStandardOutput && context.json) {
      throw Error(Code::kInvalid, "--to - and -o json contradict each other",
                  "standard output is either the archive or the document");
    }
  }

  void print(std::ostream& out, const std::vector<backup::ExportedFile>& files) const {
    Fields fields{{"folder", to_}};
    for (const auto& file : files) {
      fields.emplace_back("file", base::cat(file.name, " (", base::format_size(file.size_bytes),
                                            ", SHA-256 ", file.sha256, ")"));
    }
    print_fields(out, fields);
  }

  VaultOptions options_;
  ReadingOptions reading_options_;
  std::string to_;
};

}  // namespace

std::unique_ptr<Command> make_export_command() { return std::make_unique<ExportCommand>(); }

}  // namespace lifeboat::cli
