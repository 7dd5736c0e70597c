#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/doctor_checks.h"
#include "cli/node_options.h"
#include "cli/output.h"
#include "cli/table.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

std::uint64_t largest_database(const backup::Survey& survey) {
  std::uint64_t largest = 0;
  for (const backup::EndpointReport& report : survey.reports) {
    if (report.status) largest = std::max(largest, report.status->db_size_bytes);
  }
  return largest;
}

void append(Diagnoses& lines, Diagnoses more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

bool any_with(const Diagnoses& lines, Health health) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const Diagnosis& line) { return line.health == health; });
}

void print_table(std::ostream& out, const Diagnoses& lines) {
  Table table({{"CHECK"}, {"SUBJECT"}, {"STATUS"}, {"WHAT WAS FOUND"}});
  std::set<std::string> hints;
  for (const Diagnosis& line : lines) {
    table.add_row({line.check, line.subject, std::string(health_name(line.health)), line.message});
    if (!line.hint.empty()) hints.insert(base::cat(line.check, " ", line.subject, ": ", line.hint));
  }
  table.print(out);
  if (!hints.empty()) out << "\nTo mend\n";
  for (const std::string& hint : hints) out << "  " << base::printable(hint, 500) << '\n';
}

base::Json document(const Diagnoses& lines, bool ok) {
  base::Json checks = base::Json::array();
  for (const Diagnosis& line : lines) {
    checks.push(base::Json::object()
                    .set("check", line.check)
                    .set("subject", line.subject)
                    .set("status", health_name(line.health))
                    .set("message", line.message)
                    .set("hint", line.hint));
  }
  return base::Json::object().set("ok", ok).set("checks", std::move(checks));
}

class DoctorCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "doctor",
            .arguments = "",
            .summary = "checks endpoints, certificates, vault, space and clock",
            .description =
                "Looks at everything that a backup needs, takes none, and says what to mend: does "
                "every endpoint answer, is there an alarm or a member that lags, how many days are "
                "left of each certificate (fewer than 30 is a warning), can the vault be written, "
                "are its catalogs readable, for how many more backups is there room, is the clock "
                "right. With --host-root also: are the static pods whole, is OpenShift's control "
                "plane at rest, is its script there if --method asks for it.\n\n"
                "The exit status is 0 when all is well, 8 with warnings only, 6 if etcd, 5 if "
                "the vault, and 3 if a script that is not there would make a backup fail. It is "
                "worth running after every change.",
            .examples = {{"lifeboat doctor --vault /backups --endpoints 127.0.0.1:2379",
                          "Checks an etcd on this machine, without TLS."},
                         {"lifeboat doctor --vault /backups --cluster prod \\\n"
                          "    --endpoints https://10.0.0.5:2379 \\\n"
                          "    --cacert ca.crt --cert client.crt --key client.key \\\n"
                          "    -o json | jq '.checks[] | select(.status != \"ok\")'",
                          "With TLS; only what is not well."}},
            .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    declare_vault_flags(flags, &vault_options_);
    declare_node_flags(flags, &node_options_);
    declare_method_flags(flags, &method_options_);
    declare_etcd_flags(flags, &etcd_options_);
  }

  ExitCode run(Context& context, std::stop_token stop) override {
    check_arguments(context, 0, 0, "");
    check_vault_options(vault_options_);
    World& world = context.world;
    const std::optional<Node> node = open_node(node_options_, etcd_options_, world);
    backup::TakeOptions take;
    apply_method(method_options_, node, &take);
    const auto node_context =
        make_node_context({vault_options_.vault}, method_options_, node, context);
    const rpc::ClientOptions client = make_client_options(etcd_options_, node, world.fs);
    const etcd::Endpoints endpoints = world.connect(client);
    const backup::Survey survey = backup::survey_cluster(endpoints, stop);
    Diagnoses etcd = check_endpoints(survey);
    append(etcd, check_members(survey));
    append(etcd, check_certificates(client, survey, world, stop));
    NodeFindings found;
    if (node_context) found = check_node(*node_context, take, stop);
    const BackupSize size{.database_bytes = largest_database(survey),
                          .static_pods_bytes = found.static_pods_bytes};
    Diagnoses storage = look_at_storage(world, size, stop);

    append(etcd, std::move(found.static_pods));
    append(etcd, std::move(found.settled));
    const ExitCode code = exit_code(etcd, storage, found.script);
    append(etcd, std::move(found.script));
    append(etcd, std::move(storage));
    if (context.json) {
      print_json(world.out, document(etcd, code == kDone));
    } else {
      print_table(world.out, etcd);
    }
    return code;
  }

 private:
  Diagnoses look_at_storage(const World& world, const BackupSize& size,
                            const std::stop_token& stop) const {
    try {
      const auto store = open_vault(vault_options_, world, stop);
      Diagnoses lines;
      for (const std::string& cluster : clusters_to_check(*store)) {
        append(lines, check_vault(*store, cluster, world.clock.now()));
      }
      append(lines, check_space(*store, size));
      return lines;
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kCancelled) throw;
      return {{"vault", vault_options_.vault, Health::kFailed, error.what(), error.hint()}};
    }
  }

  std::vector<std::string> clusters_to_check(store::Store& store) const {
    if (!vault_options_.cluster.empty()) return {vault_options_.cluster};
    const auto clusters = vault::list_clusters(store);
    // In an empty vault there is still the folder itself to be checked.
    return clusters.empty() ? std::vector<std::string>{""} : clusters;
  }

  static ExitCode exit_code(const Diagnoses& etcd, const Diagnoses& storage,
                            const Diagnoses& script) {
    if (any_with(etcd, Health::kFailed)) return kEtcd;
    if (any_with(storage, Health::kFailed)) return kStorage;
    if (any_with(script, Health::kFailed)) return kNotFound;
    const bool calm = !any_with(etcd, Health::kWarning) && !any_with(storage, Health::kWarning) &&
                      !any_with(script, Health::kWarning);
    return calm ? kDone : kAttention;
  }

  VaultOptions vault_options_;
  NodeOptions node_options_;
  MethodOptions method_options_;
  EtcdOptions etcd_options_;
};

}  // namespace

std::unique_ptr<Command> make_doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace lifeboat::cli
