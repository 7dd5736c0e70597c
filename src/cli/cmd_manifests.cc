#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/manifest_options.h"
#include "cli/output.h"
#include "manifests/render.h"
#include "os/atomic_file.h"

namespace lifeboat::cli {
namespace {

constexpr const char* kDescription =
    "Prints YAML for one cluster, or for the hub of a fleet: a CronJob that takes a backup, proves "
    "it and applies retention, the volume, and as few rights as that needs.\n\n"
    "--mode control-plane, the default, backs up etcd and the control plane's own files. The pod "
    "runs on a control plane node as uid 0 without any capability, with /etc/kubernetes mounted "
    "read-only and the node's network; on OpenShift a constraint of its own allows just that. "
    "--mode network backs up etcd alone, from anywhere, with a client certificate: it fits the "
    "restricted Pod Security profile and OpenShift's restricted-v2.\n\n"
    "--method script and auto run the node's own script, which needs a privileged pod and the "
    "node's whole file system; nothing else asks for these.\n\n"
    "Every value is checked before anything is printed. All flags can stand in a file for "
    "--config. The claim of the volume and its namespace carry what keeps them when the rest is "
    "pruned.";

// A folder of files, each replaced in one step, so that one that is being read is never half.
void write_folder(os::FileSystem& fs, const std::string& folder,
                  const std::vector<manifests::File>& files) {
  if (!os::is_folder(fs, folder)) fs.make_directory(folder);
  for (const manifests::File& file : files) {
    os::write_file_atomically(fs, base::cat(folder, "/", file.name), base::as_bytes(file.content));
  }
}

class ManifestsCommand : public Command {
 public:
  CommandHelp help() const override {
    return {
        .name = "manifests",
        .arguments = "",
        .summary = "prints what to apply to a cluster, or to a fleet",
        .description = kDescription,
        .examples = {{"lifeboat manifests --cluster prod --image registry.example/lifeboat:1 \\\n"
                      "    --volume-size 100Gi | oc apply -f -",
                      "Backups of an OpenShift cluster, every six hours, on its control plane."},
                     {"lifeboat manifests --platform kubernetes --mode network --cluster prod \\\n"
                      "    --image registry.example/lifeboat:1 \\\n"
                      "    --endpoints https://10.0.0.5:2379,https://10.0.0.6:2379 \\\n"
                      "    | kubectl apply -f -",
                      "Without any right beyond an ordinary pod's, with a client certificate."},
                     {"lifeboat manifests --format acm-policy --alerts \\\n"
                      "    --image registry.example/lifeboat:1 | oc apply -f -",
                      "On the hub of a fleet: every OpenShift cluster, under its own name."}},
        .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override { declare_manifest_flags(flags, &values_); }

  ExitCode run(Context& context, std::stop_token) override {
    check_arguments(context, 0, 0, "");
    const manifests::Options options = make_manifest_options(values_);
    warn_of_script(options, context.log);
    std::ostream& out = context.world.out;
    if (!values_.render_dir.empty()) {
      refuse_json(context);
      write_folder(context.world.fs, values_.render_dir, manifests::render(options));
    } else if (context.json) {
      print_json(out, manifests::render_list(options));
    } else {
      out << manifests::render_stream(options);
    }
    return kDone;
  }

 private:
  // Not refused: somebody may have brought the script along.
  static void warn_of_script(const manifests::Options& options, base::Log& log) {
    if (options.platform != manifests::Platform::kKubernetes || options.method == "native") return;
    log.warning(
        base::cat("--method ", options.method,
                  " runs a script that only OpenShift puts on its nodes, in a privileged pod; "
                  "--method native needs neither"));
  }

  static void refuse_json(const Context& context) {
    if (!context.json) return;
    throw base::Error(base::Code::kInvalid, "--render-dir writes YAML files, and -o json is none",
                      "leave out one of them");
  }

  ManifestFlags values_;
};

}  // namespace

std::unique_ptr<Command> make_manifests_command() { return std::make_unique<ManifestsCommand>(); }

}  // namespace lifeboat::cli
