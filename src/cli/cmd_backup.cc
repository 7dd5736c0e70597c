#include "backup/deliver.h"
#include "backup/scratch_folder.h"
#include "base/error.h"
#include "base/random.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/backup_output.h"
#include "cli/command.h"
#include "cli/destinations.h"
#include "cli/encoding_options.h"
#include "cli/node_options.h"
#include "cli/output.h"
#include "os/scheduling.h"
#include "version.h"

namespace lifeboat::cli {
namespace {

class BackupCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "backup",
        .arguments = "",
        .summary = "takes one backup, proves it, and applies retention",
        .description =
            "Asks every endpoint how it is, takes a snapshot from the member that is fit best "
            "(a caught-up follower before the leader; the next one if the stream breaks), "
            "compares it with the hash that etcd sends along, and stores it in the vault. Then "
            "reads "
            "it page by page and record by record, and compares its HashKV with that of every "
            "member. The backup exists only once all of that has succeeded; a member that "
            "disagrees is named, and the exit status is 8. With -o json, the list \"warnings\" "
            "has a line for everything that made it 8.\n\n"
            "Afterwards backups that no rule of retention keeps are removed, never the newest "
            "proven one nor a pinned one. What runs that died have left behind is removed too. "
            "Two runs never work on one cluster of a vault at once: the second ends with exit "
            "status 7.\n\n"
            "The vault's folder has to be there: a volume that is not mounted must not go "
            "unnoticed. --cluster may be left out where the vault holds exactly one cluster.",
        .examples = {{"lifeboat backup --vault /backups --cluster prod --endpoints 127.0.0.1:2379",
                      "One backup of an etcd on this machine, without TLS."},
                     {"lifeboat backup --vault /backups --cluster prod \\\n"
                      "    --endpoints https://10.0.0.5:2379,https://10.0.0.6:2379 \\\n"
                      "    --cacert ca.crt --cert client.crt --key client.key \\\n"
                      "    --keep-daily 7 --max-size 18Gi",
                      "With TLS and a client certificate; keeps the newest 5 and a week of days."}},
        .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_destination_flags(flags, &destination_options_);
    declare_encoding_flags(flags, &encoding_options_);
    flags.group("Run");
    declare_scratch_flag(flags, &scratch_);
    flags.optional_duration("jitter", "wait up to this long, at random, before a backup begins",
                            &jitter_);
    declare_node_flags(flags, &node_options_);
    declare_method_flags(flags, &method_options_);
    declare_script_flags(flags, &method_options_);
    declare_etcd_flags(flags, &etcd_options_);
    declare_retention_flags(flags, &take_options_.retention);
    flags.group("Proof");
    flags.toggle("no-live-check", "do not compare the snapshot with the living members",
                 &no_live_check_);
    flags.toggle("require-agreement", "fail unless the members agree with the snapshot",
                 &take_options_.prove.require_agreement);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 0, 0, "");
    if (no_live_check_ && take_options_.prove.require_agreement) {
      throw base::Error(base::Code::kInvalid,
                        "--no-live-check and --require-agreement contradict each other",
                        "give one of them");
    }
    take_options_.prove.live_check = !no_live_check_;
    World& world = context.world;
    const std::optional<Node> node = open_node(node_options_, etcd_options_, world);
    apply_method(method_options_, node, &take_options_);
    Destinations destinations(destination_options_, take_options_.retention, encoding_options_,
                              world, stop);
    const auto node_context =
        make_node_context(destinations.locations(), method_options_, node, context);
    // Told now, not after a long wait. The folder that this makes there goes at once.
    if (!scratch_.empty()) backup::ScratchFolder(world.fs, scratch_, context.log);
    // Nothing was sent to any server until here.
    wait_for_jitter(context.log, stop);
    // This is often the machine of the member that sends the snapshot.
    os::become_batch_job();
    const auto& chosen = destinations.choose_cluster(context.log);
    const rpc::ClientOptions client = make_client_options(etcd_options_, node, world.fs);
    const etcd::Endpoints endpoints = world.connect(client);
    take_options_.tool_version = kVersion;
    take_options_.node = node_name(node, world);
    const backup::DeliverContext deliver{.endpoints = endpoints,
                                         .fs = world.fs,
                                         .clock = world.clock,
                                         .log = context.log,
                                         .progress = context.progress,
                                         .node = node_context ? &*node_context : nullptr,
                                         .scratch = scratch_folder(scratch_, world),
                                         .connect_further = [&](const std::string& url) {
                                           rpc::ClientOptions further = client;
                                           further.endpoints = {url};
                                           return std::move(world.connect(further).front());
                                         }};
    const auto result = backup::take_and_deliver(deliver, take_options_, chosen, stop);
    if (context.json) {
      print_json(world.out, to_json(result));
    } else {
      print_summary(world.out, result);
    }
    return result.needs_attention ? kAttention : kDone;
  }

 private:
  void wait_for_jitter(base::Log& log, const std::stop_token& stop) const {
    if (!jitter_) return;
    using std::chrono::milliseconds;
    const auto longest = static_cast<std::uint64_t>(milliseconds(*jitter_).count());
    const auto delay = milliseconds(base::random_number() % (longest + 1));
    log.info(base::cat("waiting for ", base::format_duration(delay), " (--jitter)"));
    base::wait(delay, stop);
  }

  DestinationOptions destination_options_;
  EncodingOptions encoding_options_;
  NodeOptions node_options_;
  MethodOptions method_options_;
  EtcdOptions etcd_options_;
  backup::TakeOptions take_options_;
  std::string scratch_;
  std::optional<std::chrono::seconds> jitter_;
  bool no_live_check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_backup_command() { return std::make_unique<BackupCommand>(); }

}  // namespace lifeboat::cli
