#include "linux/atomic_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::edge {
namespace {

absl::Status Fault(const std::string& what) {
  return absl::ErrnoToStatus(errno, what);
}

/// Not ErrnoToStatus: it calls a device that is away NOT_FOUND as well.
absl::Status ReadFault(const std::string& path) {
  const std::string what = "cannot read " + path + ": " + std::strerror(errno);
  return errno == ENOENT ? absl::NotFoundError(what) : absl::UnavailableError(what);
}

absl::Status WriteAndSync(const std::string& path, std::string_view content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return Fault(path);
  absl::Status status;
  while (!content.empty() && status.ok()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0) {
      status = Fault(path);
    } else {
      content.remove_prefix(static_cast<size_t>(written));
    }
  }
  if (status.ok() && fsync(fd) != 0) status = Fault(path);
  close(fd);
  return status;
}

/// The name itself is on disk only after its folder is.
void SyncFolder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  CW_RETURN_IF_ERROR(WriteAndSync(fresh, content));
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return Fault(path);
  SyncFolder(path);
  return absl::OkStatus();
}

absl::Status MakePrivateFolder(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    std::filesystem::create_directories(path, error);
    if (error) return absl::UnavailableError("cannot make " + path + ": " + error.message());
    chmod(path.c_str(), S_IRWXU);
  }
  return access(path.c_str(), W_OK | X_OK) == 0 ? absl::OkStatus() : Fault("cannot write " + path);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ReadFault(path);
  std::string content;
  char part[4096];
  ssize_t got;
  while ((got = read(fd, part, sizeof part)) > 0) content.append(part, static_cast<size_t>(got));
  const absl::Status status = got < 0 ? ReadFault(path) : absl::OkStatus();
  close(fd);
  if (!status.ok()) return status;
  return content;
}

}  // namespace cartwise::edge
