"""The texts of what can be wrong with a custom profile, beside those of a station file (config_texts)."""

# code: (what is wrong zh, en, what is allowed zh, en). {0}, {1}, ... are the problem's arguments.
TEXTS = {
    "form": ("格式不对", "not in the right form", "{0}", "{1}"),
    "address_end": ("超出最后的寄存器地址", "reaches beyond the last register address", "地址加 {0} 不超过 65536",
                    "an address that with its {0} ends at 65536"),
    "read_too_long": ("一次读取过长", "more than one read may have", "最多 {0}", "at most {0}"),
    "not_in_a_read": ("不在任何 fixed_reads 内", "in none of the fixed_reads", "完全位于同一功能码的一次读取内",
                      "a place within one read of the same function"),
    "points_overlap": ("与 {0} 的寄存器重叠", "overlaps the registers of {0}",
                       "各自的寄存器；共用一个字时双方都须有 mask 或 meaning",
                       "registers of its own; two points of one word both need mask or meaning"),
    "read_only": ("写入只读寄存器（{0} 读取它）", "writes a read-only register (read by {0})",
                  "其他寄存器，或该点写明 \"writable\": true", "another register, or \"writable\": true in that point"),
    "function_words": ("该功能码只写一个寄存器，此类型有 {0} 个", "this function writes one register, the type has {0}",
                       "16", "16"),
    "duplicate_name": ("名称重复（已用于 {0}）", "the name is used already (by {0})", "每个读数一个点",
                       "one point for each reading"),
    "role_needs": ("缺少角色 {0} 必需的项", "the role {0} needs it", "{1}", "{1}"),
    "profile_file": ("自定义型号文件无法使用", "the file of the custom profile cannot be used", "{0}", "{0}"),
}
