#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Environment variables as execve wants them: this process's but for those that `is_withheld` names, with
/// `added` over them, sorted. Each "NAME=value".
std::vector<std::string> ProcessEnvironment(const std::function<bool(std::string_view name)>& is_withheld,
                                            const std::map<std::string, std::string>& added);

/// Pointers to the strings, with a null at the end; valid while the strings are.
std::vector<char*> PointersOf(std::vector<std::string>& strings);

}  // namespace penstock
