#include "sim/wire.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace cartwise::sim {
namespace {

absl::Status Failed(const std::string& what) {
  return absl::ErrnoToStatus(errno, what);
}

void CloseFd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

absl::Status Wire::Plug() {
  if (plugged()) return absl::FailedPreconditionError("plugged in already");
  const absl::Status made = OpenPair();
  const absl::Status linked = made.ok() ? Link() : made;
  if (!linked.ok()) {
    CloseFd(host_end_);
    CloseFd(board_end_);
  }
  return linked;
}

absl::Status Wire::OpenPair() {
  board_end_ = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (board_end_ < 0) return Failed("cannot make a pseudo-terminal");
  char device[64];
  if (grantpt(board_end_) != 0 || unlockpt(board_end_) != 0 ||
      ptsname_r(board_end_, device, sizeof(device)) != 0) {
    return Failed("cannot unlock the pseudo-terminal");
  }
  device_ = device;
  host_end_ = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (host_end_ < 0) return Failed("cannot open " + device_);
  termios raw{};
  if (tcgetattr(host_end_, &raw) != 0) return Failed("cannot read the settings of " + device_);
  cfmakeraw(&raw);
  cfsetspeed(&raw, B19200);
  if (tcsetattr(host_end_, TCSANOW, &raw) != 0) return Failed("cannot set " + device_ + " raw");
  return absl::OkStatus();
}

absl::Status Wire::Link() const {
  std::error_code error;
  const auto there = std::filesystem::symlink_status(name_, error);
  if (std::filesystem::exists(there) && !std::filesystem::is_symlink(there)) {
    return absl::AlreadyExistsError(name_ + " is there and is no symbolic link");
  }
  // By rename, so that the name never points nowhere.
  const std::string fresh = name_ + ".new";
  unlink(fresh.c_str());
  if (symlink(device_.c_str(), fresh.c_str()) != 0 || rename(fresh.c_str(), name_.c_str()) != 0) {
    return Failed("cannot make the link " + name_);
  }
  return absl::OkStatus();
}

void Wire::Unplug() {
  if (!plugged()) return;
  std::error_code error;
  // Another program may have taken the name over.
  if (std::filesystem::read_symlink(name_, error) == device_) unlink(name_.c_str());
  CloseFd(host_end_);
  CloseFd(board_end_);
}

size_t Wire::Read(std::span<uint8_t> buffer) {
  const ssize_t got = read(board_end_, buffer.data(), buffer.size());
  if (got <= 0) return 0;
  // Our own end keeps the terminal alive, so an exclusive claim of a host that
  // was killed would shut out the next one for ever.
  ioctl(host_end_, TIOCNXCL);
  return static_cast<size_t>(got);
}

void Wire::Write(std::span<const uint8_t> bytes) {
  if (plugged()) [[maybe_unused]]
    const auto sent = write(board_end_, bytes.data(), bytes.size());
}

}  // namespace cartwise::sim
