#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "codec/age_keys.h"
#include "os/atomic_file.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using base::Error;

class KeygenCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "keygen",
            .arguments = "",
            .summary = "makes a key that backups can be encrypted to",
            .description =
                "Makes an age identity (the secret half, which opens backups) and its recipient "
                "(the public half, which --encrypt-to takes). The identity goes into a new file "
                "that only its owner can read, or to standard output.\n\n"
                "Keep the identity away from the cluster: what takes backups needs the recipient "
                "only. Keep it in two places: without it, nobody reads the backups again. "
                "`age -d -i FILE` opens them as well.",
            .examples = {{"lifeboat keygen --key-file prod.key",
                          "Prints the recipient; the identity is in the file."},
                         {"lifeboat keygen | age -p > prod.key.age",
                          "The identity itself under a passphrase, by the tool of age."}},
            .argument_choices = {}};
  }

  void declare_flags(FlagTable& flags) override {
    flags.group("Keygen");
    flags.text("key-file", "FILE", "the file to make; standard output if not given", &key_file_);
  }

  ExitCode run(Context& context, std::stop_token /*stop*/) override {
    check_arguments(context, 0, 0, "");
    if (key_file_.empty() && context.json) {
      throw Error(Code::kInvalid, "-o json needs --key-file FILE: no document holds a secret",
                  "name the file for the identity with --key-file");
    }
    const codec::Identity identity = codec::Identity::generate();
    const codec::Secret file = codec::identity_file(identity, context.world.clock.now());
    const std::string recipient = identity.recipient().text();
    if (key_file_.empty()) {
      context.world.out << base::as_text(base::Bytes(file));
      context.log.info(base::cat("recipient: ", recipient));
      return kDone;
    }
    write(context.world.fs, file);
    if (context.json) {
      print_json(context.world.out,
                 base::Json::object().set("recipient", recipient).set("identity_file", key_file_));
    } else {
      print_fields(context.world.out, {{"recipient", recipient}, {"identity", key_file_}});
    }
    return kDone;
  }

 private:
  void write(os::FileSystem& fs, const codec::Secret& file) const {
    if (fs.info(key_file_)) {
      throw Error(Code::kExists, base::cat(base::printable(key_file_, 1000), " is there already"),
                  "name a new file: backups may be encrypted to the key in this one");
    }
    os::AtomicFile target(fs, key_file_, os::IfThere::kRefuse);
    target.write(file);
    target.finish();
  }

  std::string key_file_;
};

}  // namespace

std::unique_ptr<Command> make_keygen_command() { return std::make_unique<KeygenCommand>(); }

}  // namespace lifeboat::cli
