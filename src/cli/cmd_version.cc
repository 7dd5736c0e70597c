// The versions of the libraries are those of their headers: no library is started for this.
#include <absl/base/config.h>
#include <ares_version.h>
#include <features.h>
#include <google/protobuf/stubs/common.h>
#include <grpcpp/version_info.h>
#include <nghttp2/nghttp2ver.h>
#include <openssl/crypto.h>
#include <zlib.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "version.h"

namespace lifeboat::cli {
namespace {

// 3021012 for 3.21.12.
std::string protobuf_version() {
  const int number = GOOGLE_PROTOBUF_VERSION;
  return base::cat(number / 1000000, ".", number / 1000 % 1000, ".", number % 1000);
}

Fields versions() {
  return {{"lifeboat", kVersion},
          {"grpc", GRPC_CPP_VERSION_STRING},
          {"protobuf", protobuf_version()},
          {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"abseil", base::cat(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL)},
          {"c-ares", ARES_VERSION_STR},
          {"nghttp2", NGHTTP2_VERSION},
          {"zlib", ZLIB_VERSION},
          {"glibc", base::cat(__GLIBC__, ".", __GLIBC_MINOR__)},
          {"compiler", base::cat("g++ ", __VERSION__)}};
}

class VersionCommand : public Command {
 public:
  CommandHelp help() const override {
    return {.name = "version",
            .arguments = "",
            .summary = "prints the version of lifeboat and of what it is linked with",
            .description =
                "Prints the version of this program, of the libraries in it and of the "
                "compiler. \"lifeboat --version\" does the same.",
            .examples = {{"lifeboat version", "All versions, a line each."},
                         {"lifeboat version -o json | jq -r .lifeboat",
                          "The version of the program alone."}},
            .argument_choices = {}};
  }

  void declare_flags(FlagTable&) override {}

  ExitCode run(Context& context, std::stop_token) override {
    check_arguments(context, 0, 0, "");
    const Fields fields = versions();
    if (!context.json) {
      print_fields(context.world.out, fields);
      return kDone;
    }
    base::Json document = base::Json::object();
    for (const auto& [name, version] : fields) document.set(name, version);
    print_json(context.world.out, document);
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_version_command() { return std::make_unique<VersionCommand>(); }

}  // namespace lifeboat::cli
