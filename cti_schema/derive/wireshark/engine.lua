-- What a CTI frame is, how a layout is walked, and which feedback answers which request.
-- No message is named below: all of them stand in the tables above, which come from the declarations.

local token = string.char(0xDD, 0xDD, 0xDD, 0xDD, 0xDD, 0xDD, 0xDD, 0x11)
local header_size, least_frame, body_offset = 20, 22, 20
local not_counted = { request = 12, feedback = 0 }
local max_frame = 32 * 1024 * 1024
-- Below this size a frame is asked for segment by segment, so that an early end is seen; above it at once.
local large_frame = 1024 * 1024
local latest_checksum = 16
local most_tokens = 16

cti.prefs.show_secrets = Pref.bool("Show passwords", false, "Show the values of fields that are declared secret")

local tcp_stream = Field.new("tcp.stream")
local tcp_sequence = Field.new("tcp.seq_raw")
local frame_time = Field.new("frame.time_epoch")

local header = {
    token = ProtoField.bytes("cti.token", "Token"),
    length = ProtoField.uint32("cti.length", "Length", base.DEC, nil, nil,
        "requests count from behind this field, feedbacks the whole frame"),
    code = ProtoField.uint32("cti.code", "Code", base.HEX),
    extended = ProtoField.uint32("cti.extended_code", "Extended code", base.HEX),
    message = ProtoField.string("cti.message", "Message"),
    direction = ProtoField.string("cti.direction", "Direction"),
    checksum = ProtoField.uint16("cti.checksum", "Checksum", base.HEX),
    status = ProtoField.uint8("cti.checksum.status", "Checksum status", base.DEC, { [0] = "Bad", [1] = "Good" }),
    response_in = ProtoField.framenum("cti.response_in", "Response in", base.NONE, frametype.RESPONSE),
    response_to = ProtoField.framenum("cti.response_to", "Response to", base.NONE, frametype.REQUEST),
    response_time = ProtoField.relative_time("cti.response_time", "Response time"),
    stray = ProtoField.bytes("cti.stray", "Stray bytes"),
    surplus = ProtoField.bytes("cti.surplus", "Surplus"),
}
for _, field in pairs(header) do fields[#fields + 1] = field end
cti.fields = fields

local experts, all_experts = {}, {}
for kind, meaning in pairs(problem_kinds) do
    local group, severity = expert.group.MALFORMED, expert.severity.ERROR
    if kind == "checksum" then group = expert.group.CHECKSUM end
    if kind == "stray" or kind == "surplus" then group, severity = expert.group.PROTOCOL, expert.severity.WARN end
    if problem_notes[kind] then group, severity = expert.group.UNDECODED, expert.severity.NOTE end
    experts[kind] = ProtoExpert.new("cti.problem." .. kind, meaning, group, severity)
    all_experts[#all_experts + 1] = experts[kind]
end
experts.refused = ProtoExpert.new("cti.refused", "The cycler answered with an error",
    expert.group.RESPONSE_CODE, expert.severity.NOTE)
all_experts[#all_experts + 1] = experts.refused
cti.experts = all_experts

-- Look-up: code -> messages of a direction.
local by_code = { request = {}, feedback = {} }
for _, message in ipairs(messages) do
    local found = by_code[message.direction]
    found[message.code] = found[message.code] or {}
    table.insert(found[message.code], message)
end

-- The kind of the first problem in the message that is being taken apart.
local first_problem

local function problem(tree, kind, text)
    first_problem = first_problem or kind
    tree:add_proto_expert_info(experts[kind], text)
end

-- Bytes ---------------------------------------------------------------------------------------------------

local function u16(data, at)
    local a, b = string.byte(data, at + 1, at + 2)
    return a + b * 256
end

local function u32(data, at)
    local a, b, c, d = string.byte(data, at + 1, at + 4)
    return a + b * 256 + c * 65536 + d * 16777216
end

-- Return the sum of the bytes from one place up to, and without, another.
local function sum(data, from, to)
    local total, at = 0, from
    while at + 8 <= to do
        local a, b, c, d, e, f, g, h = string.byte(data, at + 1, at + 8)
        total = total + a + b + c + d + e + f + g + h
        at = at + 8
    end
    while at < to do
        total = total + string.byte(data, at + 1)
        at = at + 1
    end
    return total
end

local function checksum(data, from, to) return sum(data, from, to) % 65536 end

-- Tell whether the frame from a place, of a size, ends with its checksum.
local function checksum_fits(data, from, size)
    return size >= least_frame and from + size <= #data
        and checksum(data, from, from + size - 2) == u16(data, from + size - 2)
end

local function find_token(data, from)
    local found = string.find(data, token, from + 1, true)
    return found and found - 1
end

local function all_zero(data, from, to)
    for at = from, to - 1 do
        if string.byte(data, at + 1) ~= 0 then return false end
    end
    return true
end

-- Frames of a stream --------------------------------------------------------------------------------------

local function directions_of(code)
    local found = {}
    for _, one in ipairs({ "request", "feedback" }) do
        if by_code[one][code] then found[#found + 1] = one end
    end
    if #found == 0 then return { "request", "feedback" }, false end
    return found, true
end

-- Return where a frame ends if a token follows on the right checksum.
local function early_end(data, from)
    local looked, summed, total = from + #token, from, 0
    for _ = 1, most_tokens do
        local at = find_token(data, looked)
        if not at then return nil end
        looked = at + 1
        if at - from >= least_frame then
            total = total + sum(data, summed, at - 2)
            summed = at - 2
            if total % 65536 == u16(data, at - 2) then return at - from end
        end
    end
end

-- Return size and direction of the frame whose token stands at a place; or nil and the bytes that are missing
-- (0: it is not known how many); size 0: this token begins no frame.
local function frame_at(data, from)
    local have = #data - from
    if have < header_size then return nil, 0 end
    local inside = find_token(data, from + #token)
    if inside and inside - from < header_size then return 0 end
    local length, code = u32(data, from + 8), u32(data, from + 12)
    local directions, declared = directions_of(code)
    local known = declared and #directions == 1 and directions[1] or nil
    local possible, largest, waiting = {}, 0, false
    for _, direction in ipairs(directions) do
        local size = length + not_counted[direction]
        if size >= least_frame and size <= max_frame then
            possible[#possible + 1] = { size, direction }
            largest = math.max(largest, size)
            waiting = waiting or size > have
        end
    end
    for _, one in ipairs(possible) do
        if checksum_fits(data, from, one[1]) then return one[1], one[2] end
    end
    local early = early_end(data, from)
    if early then return early, known end
    if #possible == 0 then
        local at = find_token(data, from + #token)
        if at then return at - from, known end
        if have > max_frame then return 0 end
        return nil, 0
    end
    if waiting then
        return nil, largest > large_frame and largest - have or 0
    end
    local latest = largest + 2
    local others = { largest + 2 }
    if known then
        local other = known == "request" and "feedback" or "request"
        others[2] = length + not_counted[other]
    end
    for _, other in ipairs(others) do
        latest = math.max(latest, other)
        if largest < other and checksum_fits(data, from, other) then return other, known end
    end
    if have < latest and all_zero(data, from + largest - 2, from + largest) then return nil, 0 end
    local at = find_token(data, from + #token)
    if at and at - from < largest then return at - from, known end
    return largest, known
end

-- Take a frame apart: direction, bounds of the body, place of the checksum, problems.
local function examine(data, from, size, direction, guess)
    local length, code = u32(data, from + 8), u32(data, from + 12)
    local directions = directions_of(code)
    if direction then directions = { direction } end
    if #directions > 1 then
        direction = nil
        for _, one in ipairs(directions) do
            if length + not_counted[one] == size then direction = direction and "both" or one end
        end
        if direction == "both" then direction = nil end
        for _, one in ipairs(directions) do
            local by_length = length + not_counted[one]
            if not direction and by_length <= size and checksum_fits(data, from, by_length) then direction = one end
        end
        direction = direction or guess or "feedback"
    else
        direction = directions[1]
    end
    local found = { direction = direction, code = code, length = length, problems = {} }
    local function tell(kind, text)
        table.insert(found.problems, { kind, text })
        found.dropped = kind ~= "stray"
    end
    local by_length = length + not_counted[direction]
    found.body_end, found.checksum_at = size - 2, size - 2
    local function compare()
        local is, should = u16(data, from + found.checksum_at), checksum(data, from, from + found.checksum_at)
        if is ~= should then
            found.bad = true
            tell("checksum", string.format("the checksum is 0x%04X, the bytes before it make 0x%04X", is, should))
        end
    end
    if by_length == size and size >= least_frame then
        compare()
    elseif checksum_fits(data, from, size) then
        local late = size - by_length
        local other = direction == "request" and "feedback" or "request"
        if length + not_counted[other] == size then
            tell("length", string.format("the length %d is counted as in a %s", length, other))
        elseif by_length >= least_frame and late > 0 and late <= latest_checksum
            and all_zero(data, from + by_length - 2, from + size - 2) then
            found.body_end, found.bad = by_length - 2, true
            tell("checksum", string.format(
                "the checksum stands %d bytes behind the place where the length %d puts it", late, length))
        else
            tell("length", string.format("the length is %d, the frame has %d bytes", length, size))
        end
    elseif by_length >= least_frame and by_length < size then
        found.body_end, found.checksum_at = by_length - 2, by_length - 2
        compare()
        tell("stray", string.format("%d bytes stand behind the frame", size - by_length))
    else
        found.body_end, found.checksum_at, found.bad = size, nil, true
        if by_length < least_frame then
            tell("length", string.format("the length %d is too small for a %s", length, direction))
        else
            tell("incomplete", string.format("the frame has %d bytes by its length, there are %d", by_length, size))
        end
    end
    return found
end

-- A counted UTF-16 text that begins with a brace, or is null.
local function looks_like_json(data, from, to)
    if to - from < 4 or to - from ~= 4 + 2 * u32(data, from) then return false end
    return string.sub(data, from + 5, from + 6) == "{\0" or string.sub(data, from + 5, from + 12) == "n\0u\0l\0l\0"
end

local function choose(direction, code, data, from, to)
    local candidates = by_code[direction][code]
    if not candidates then return nil end
    if #candidates == 1 then return candidates[1] end
    local form = looks_like_json(data, from, to) and "json" or "binary"
    for _, one in ipairs(candidates) do
        if one.form == form then return one end
    end
end

-- Bodies --------------------------------------------------------------------------------------------------
-- A reader has: data, tvb, base (place of the frame's first byte in both), at and stop (in data), tree, values.

local sizes = { u8 = 1, u16 = 2, u32 = 4, u64 = 8, i8 = 1, i16 = 2, i32 = 4, i64 = 8, f32 = 4, f64 = 8 }

local function integer(reader, range, kind)
    if kind == "u64" then return range:le_uint64():tonumber() end
    if kind == "i64" then return range:le_int64():tonumber() end
    if string.sub(kind, 1, 1) == "u" then return range:le_uint() end
    return range:le_int()
end

local function number(reader, range, kind)
    if string.sub(kind, 1, 1) == "f" then return range:le_float() end
    return integer(reader, range, kind)
end

-- The body ends inside a field: nothing more can be read.
local function ended(reader, entry, counted)
    reader.ended = true
    local left = reader.stop - reader.at
    if reader.lists > 0 then
        problem(reader.tree, "count", string.format("the body ends inside %s: the list is longer by its count",
            entry.name))
    elseif counted then
        problem(reader.tree, "count", string.format("the length of %s goes beyond the %d bytes that are left",
            entry.name, left))
    else
        problem(reader.tree, "truncated", string.format("the body ends %d bytes into %s", left, entry.name))
    end
end

-- Take so many bytes; nil when they are not there.
local function take(reader, entry, size, counted)
    if size < 0 then size = 0 end
    if reader.at + size > reader.stop then
        ended(reader, entry, counted)
        return nil
    end
    local range = reader.tvb(reader.at, size)
    reader.at = reader.at + size
    return range
end

local function hidden(entry) return entry.secret and not cti.prefs.show_secrets end

local function add_text(reader, entry, range, text, broken)
    if hidden(entry) then text = "***" end
    local item = reader.tree:add(entry.field, range, text)
    if broken then problem(item, "text", string.format("the bytes %s are no %s", broken, entry.encoding)) end
    return item
end

local function utf16(range)
    if range:len() < 2 then return "" end
    return range(0, range:len() - range:len() % 2):le_ustring()
end

-- Not TvbRange:string, which cuts the text to as many bytes as it had before they became UTF-8.
local function latin1(text)
    return (string.gsub(text, "[\128-\255]", function(character)
        local byte = string.byte(character)
        return string.char(192 + math.floor(byte / 64), 128 + byte % 64)
    end))
end

local function utf8(code)
    if code < 0x80 then return string.char(code) end
    local rest = string.char(128 + code % 64)
    code = math.floor(code / 64)
    if code < 0x20 then return string.char(0xC0 + code) .. rest end
    rest = string.char(128 + code % 64) .. rest
    code = math.floor(code / 64)
    if code < 0x10 then return string.char(0xE0 + code) .. rest end
    return string.char(0xF0 + math.floor(code / 64), 128 + code % 64) .. rest
end

-- Where a surrogate stands alone: the text with a replacement in its place, and the first such bytes.
local function broken_utf16(data, at, size)
    local text, broken = {}, nil
    local stop = at + size - size % 2
    while at < stop do
        local code = u16(data, at)
        if code >= 0xD800 and code < 0xE000 then
            local low = at + 2 < stop and u16(data, at + 2) or 0
            if code < 0xDC00 and low >= 0xDC00 and low < 0xE000 then
                code = 0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00
                at = at + 2
            else
                broken = broken or string.format("%02x%02x", string.byte(data, at + 1, at + 2))
                code = 0xFFFD
            end
        end
        table.insert(text, utf8(code))
        at = at + 2
    end
    return broken and table.concat(text), broken
end

-- The text, and the first bytes of it that are no such text.
local function decoded(reader, at, size, encoding)
    if size == 0 then return "" end
    if encoding == "utf-16-le" then
        local text, broken = broken_utf16(reader.data, at, size)
        return text or utf16(reader.tvb(at, size)), broken
    end
    if encoding == "ascii" then
        local from = string.find(reader.data, "[\128-\255]", at + 1)
        if from and from <= at + size then
            local text = latin1(string.sub(reader.data, at + 1, at + size))
            return text, string.format("%02x", string.byte(reader.data, from))
        end
    end
    return latin1(string.sub(reader.data, at + 1, at + size))
end

local function to_nul(reader, entry)
    local nul = string.find(reader.data, "\0", reader.at + 1, true)
    if not nul or nul > reader.stop then
        ended(reader, entry)
        return nil
    end
    local from, size = reader.at, nul - 1 - reader.at
    reader.at = nul
    return from, size
end

local walk

local kinds = {}

function kinds.scalar(reader, entry)
    local range = take(reader, entry, sizes[entry.type])
    if not range then return end
    local item
    if entry.shown == "f64" then
        item = reader.tree:add(entry.field, range, number(reader, range, entry.type))
    elseif entry.shown == "text" then
        local text = string.format(string.sub(entry.type, 1, 1) == "f" and "%.17g" or "%d",
            number(reader, range, entry.type))
        item = reader.tree:add(entry.field, range, text)
    else
        item = reader.tree:add_le(entry.field, range)
    end
    if string.sub(entry.type, 1, 1) == "f" then
        if entry.unit then item:append_text(" " .. entry.unit) end
        return
    end
    local value = integer(reader, range, entry.type)
    reader.values[entry.name] = value
    if entry.unit then item:append_text(" " .. entry.unit) end
    if entry.enum and not entry.enum[value] then problem(item, "enum", value .. " is none of the listed values") end
    if entry.flags then
        local names = {}
        for _, flag in ipairs(entry.flags) do
            if flag[1] > 0 and math.floor(value / flag[1]) % 2 == 1 then names[#names + 1] = flag[2] end
        end
        if #names > 0 then item:append_text(" (" .. table.concat(names, ", ") .. ")") end
    end
    if entry.refusal and entry.refusal[value] and reader.answers then
        item:add_proto_expert_info(experts.refused, reader.answers .. " answered with an error: " .. entry.enum[value])
        reader.refused = entry.enum[value]
    end
    return value
end

function kinds.text(reader, entry)
    local range = take(reader, entry, entry.size)
    if not range then return end
    local from, size = reader.at - entry.size, entry.size
    local unit = entry.encoding == "utf-16-le" and 2 or 1
    for at = from, from + size - unit, unit do
        if all_zero(reader.data, at, at + unit) then
            size = at - from
            break
        end
    end
    add_text(reader, entry, range, decoded(reader, from, size, entry.encoding))
end

function kinds.counted_text(reader, entry)
    local size = (reader.values[entry.length] or 0) * (entry.encoding == "utf-16-le" and 2 or 1)
    local from = reader.at
    if reader.at + math.max(size, 0) > reader.stop then return ended(reader, entry, true) end
    reader.at = reader.at + math.max(size, 0)
    add_text(reader, entry, reader.tvb(from, size), decoded(reader, from, size, entry.encoding))
end

function kinds.z_text(reader, entry)
    if entry.present_if and reader.values[entry.present_if] == 0 then
        add_text(reader, entry, reader.tvb(reader.at, 0), "")
        return
    end
    local from, size = to_nul(reader, entry)
    if not from then return end
    local item = add_text(reader, entry, reader.tvb(from, size + 1), decoded(reader, from, size, entry.encoding))
    if size > entry.limit then
        problem(item, "text", string.format("the text has %d bytes, at most %d are allowed", size, entry.limit))
    end
end

function kinds.prefixed_text(reader, entry)
    local prefix = take(reader, entry, sizes[entry.prefix])
    if not prefix then return end
    local length, from = prefix:le_uint(), reader.at
    if entry.exact then
        if not take(reader, entry, length + 1, true) then return end
        local item = add_text(reader, entry, reader.tvb(from, length + 1), decoded(reader, from, length))
        if string.byte(reader.data, from + length + 1) ~= 0 then
            problem(item, "text", "no NUL byte stands behind the text")
        elseif length > entry.limit then
            problem(item, "text", "the text is too long")
        end
        return
    end
    local size
    from, size = to_nul(reader, entry)
    if not from then return end
    local item = add_text(reader, entry, reader.tvb(from, size + 1), decoded(reader, from, size))
    if size > entry.limit then
        problem(item, "text", string.format("the text has %d bytes, at most %d are allowed", size, entry.limit))
    end
end

local function add_bytes(reader, entry, from, size)
    if hidden(entry) then
        reader.tree:add(reader.tvb(from, size), entry.name .. ": ***")
    elseif size > 0 then
        reader.tree:add(entry.field, reader.tvb(from, size))
    else
        reader.tree:add(entry.field, reader.tvb(from, 0))
    end
end

function kinds.data(reader, entry)
    local size = entry.size or math.max(reader.values[entry.length] or 0, 0)
    local from = reader.at
    if reader.at + size > reader.stop then return ended(reader, entry, not entry.size) end
    reader.at = reader.at + size
    add_bytes(reader, entry, from, size)
end

-- Zero bytes without a meaning are shown as text only: they have no value.
function kinds.reserved(reader, entry)
    local range = take(reader, entry, entry.size)
    if not range then return end
    if all_zero(reader.data, reader.at - entry.size, reader.at) then
        reader.tree:add(range, entry.name .. ": zero")
    else
        reader.tree:add(entry.field, range)
    end
end

function kinds.rest(reader, entry)
    local from = reader.at
    reader.at = reader.stop
    add_bytes(reader, entry, from, reader.at - from)
end

function kinds.document(reader, entry)
    if reader.at + 4 > reader.stop then return ended(reader, entry, true) end
    local size = u32(reader.data, reader.at)
    if size < 5 then
        problem(reader.tree, "bson", "the document's length is " .. size)
        reader.at = reader.stop
        return
    end
    local from = reader.at
    if take(reader, entry, size, true) then add_bytes(reader, entry, from, size) end
end

function kinds.nested(reader, entry)
    local outer_tree, outer_values = reader.tree, reader.values
    local from = reader.at
    reader.tree = outer_tree:add(reader.tvb(from, 0), entry.name)
    reader.values = {}
    walk(reader, entry.layout)
    local record = reader.values
    if reader.at > from then reader.tree:set_len(reader.at - from) end
    reader.tree, reader.values = outer_tree, outer_values
    return record
end

function kinds.variants(reader, entry)
    local chosen = entry.cases[reader.values[entry.by]] or entry.otherwise
    return kinds[chosen.kind](reader, chosen)
end

function kinds.array(reader, entry)
    if entry.when and not entry.when_values[reader.values[entry.when]] then return end
    local count = entry.count or reader.values[entry.count_field] or 0
    if count < 0 then
        problem(reader.tree, "count", "the count is " .. count)
        return
    end
    local items = {}
    reader.values[entry.name] = items
    reader.lists = reader.lists + 1
    for index = 1, count do
        local item = entry.item
        local name = item.name
        local value
        if item.kind == "nested" or item.kind == "variants" then
            item.label = string.format("%s[%d]", entry.name, index - 1)
            local chosen = item
            if item.kind == "variants" then chosen = item.cases[reader.values[item.by]] or item.otherwise end
            local saved = chosen.name
            chosen.name = item.label
            -- The list's own fields choose the layout of its items.
            value = kinds[chosen.kind](reader, chosen)
            chosen.name = saved
        else
            value = kinds[item.kind](reader, item)
        end
        items[index] = value
        if reader.ended then break end
        if reader.at >= reader.stop and index < count then
            ended(reader, entry)
            break
        end
    end
    reader.lists = reader.lists - 1
    -- What an item is called is what the list is called: the last item must not stand for the list.
    reader.values[entry.name] = items
end

function kinds.table(reader, entry)
    local size = sizes[entry.item.type]
    if reader.at + size * entry.length > reader.stop then return ended(reader, entry) end
    local stop = reader.at + size * entry.length
    local used = reader.values[entry.used] or 0
    if used > entry.length then
        problem(reader.tree, "count", string.format("%s says %d, the table has %d places", entry.used, used,
            entry.length))
    end
    local items = {}
    for index = 1, math.min(used, entry.length) do
        items[index] = kinds.scalar(reader, entry.item)
    end
    reader.values[entry.name] = items
    if reader.at < stop then
        local rest = reader.tvb(reader.at, stop - reader.at)
        reader.tree:add(rest, entry.name .. ": unused places")
    end
    reader.at = stop
end

walk = function(reader, layout)
    for _, entry in ipairs(layout) do
        if reader.ended then return end
        kinds[entry.kind](reader, entry)
    end
end

-- Hide the values of secret members in a JSON text.
local function hide_members(text, names)
    if cti.prefs.show_secrets then return text end
    for _, name in ipairs(names) do
        local at = 1
        while true do
            local from, to = string.find(string.lower(text), '["\']' .. string.lower(name) .. '["\']%s*:%s*', at)
            if not from then break end
            local quote = string.sub(text, to + 1, to + 1)
            local stop = to + 1
            if quote == '"' or quote == "'" then
                while true do
                    stop = stop + 1
                    local character = string.sub(text, stop, stop)
                    if character == "\\" then stop = stop + 1
                    elseif character == quote or character == "" then break end
                end
            else
                stop = (string.find(text, "[,}%]]", to + 1) or #text + 1) - 1
            end
            text = string.sub(text, 1, to) .. '"***"' .. string.sub(text, stop + 1)
            at = to + 6
        end
    end
    return text
end

-- Tell whether a sender is known to put so many bytes behind the last field.
local function surplus_allowed(reader, rule, size)
    if not rule or (rule.zeros and not all_zero(reader.data, reader.stop - size, reader.stop)) then return false end
    if rule.per then return size == rule.usual * (reader.values[rule.per] or 0) end
    if rule.lengths[size] then return true end
    return rule.step > 0 and size > rule.usual and (size - rule.usual) % rule.step == 0
end

local function json_body(reader, message)
    local size = reader.stop - reader.at
    if size < 4 then return ended(reader, { name = "json" }) end
    local units = u32(reader.data, reader.at)
    local bytes = math.min(2 * units, size - 4)
    local text = bytes > 1 and utf16(reader.tvb(reader.at + 4, bytes)) or ""
    reader.tree:add(message.json, reader.tvb(reader.at + 4, bytes), hide_members(text, message.secrets))
    if 2 * units > size - 4 then
        problem(reader.tree, "count", string.format("the text has %d units by its length, there are %d", units,
            math.floor((size - 4) / 2)))
    end
    reader.at = reader.stop
end

-- Requests and feedbacks ----------------------------------------------------------------------------------

local open, clients, links, seen

function cti.init()
    -- stream -> requests that wait; stream -> port of the client; place of a message -> its link
    open, clients, links, seen = {}, {}, {}, {}
end

local function contains(list, value)
    for _, one in ipairs(list) do
        if one == value or (type(one) == "table" and one.channel_index == value) then return true end
    end
    return false
end

local function fits(request, message, values)
    if message.names_command then return values[message.names_command] == request.message.code end
    if not request.message.feedbacks[message.name] then return false end
    for answer_field, request_field in pairs(request.message.echo) do
        local asked, told = request.values[request_field], values[answer_field]
        local flag = request.message.answers_field
        local everything = request.message.answers == "per_channel_if" and request.values[flag] ~= 0
        if not (everything and answer_field == "channel_index") and asked ~= nil and told ~= nil then
            if type(asked) == "table" then
                if #asked > 0 and told ~= -1 and not contains(asked, told) then return false end
            elseif type(told) ~= "table" and asked ~= told then
                return false
            end
        end
    end
    return true
end

-- Tell whether this feedback was the last one of a request.
local function complete(request, message, values)
    local how = request.message.answers
    if message.names_command then return true end
    if how == "pieces" then
        return (values.package_index or 0) + 1 >= (values.package_count or 0)
    elseif how == "per_channel" then
        local asked = request.values[request.message.answers_field]
        return request.count >= (type(asked) == "table" and #asked or 1) or (values.channel_index or -1) < 0
    elseif how == "per_channel_if" then
        return request.values[request.message.answers_field] == 0
    end
    return how == "once"
end

local function remember(stream, key, message, values, number, time)
    open[stream] = open[stream] or {}
    local waiting = open[stream]
    for index = #waiting, 1, -1 do
        if waiting[index].message == message and waiting[index].count > 0 then table.remove(waiting, index) end
    end
    -- The oldest of very many that nobody answers are given up.
    if #waiting >= 4096 then table.remove(waiting, 1) end
    table.insert(waiting, { key = key, message = message, values = values, number = number, time = time, count = 0 })
end

local function answer(stream, key, message, values, number, time)
    local waiting = open[stream] or {}
    for index, request in ipairs(waiting) do
        if fits(request, message, values) then
            request.count = request.count + 1
            links[key] = { response_to = request.number, response_time = time - request.time }
            links[request.key] = links[request.key] or { response_in = number }
            if complete(request, message, values) then table.remove(waiting, index) end
            return
        end
    end
end

local function add_link(tree, link)
    if not link then return end
    if link.response_in then tree:add(header.response_in, link.response_in):set_generated() end
    if link.response_to then
        tree:add(header.response_to, link.response_to):set_generated()
        tree:add(header.response_time, link.response_time):set_generated()
    end
end

-- The dissector -------------------------------------------------------------------------------------------

-- Return what tells a message apart in both passes. Not the packet's number: with a read filter, packets that do
-- not pass it have the number of the next one that does. One packet may hold several messages.
local function place_of(pinfo, stream)
    local count = tonumber(pinfo.private["cti_messages"] or "0") + 1
    pinfo.private["cti_messages"] = tostring(count)
    local sequence = tcp_sequence()
    return table.concat({ stream, pinfo.src_port, sequence and sequence.value or pinfo.number, count }, ":")
end

local function dissect_frame(tvb, data, from, size, direction, pinfo, root)
    local stream = tcp_stream()
    stream = stream and stream.value or 0
    local guess = clients[stream] and (clients[stream] == pinfo.src_port and "request" or "feedback")
    local frame = examine(data, from, size, direction, guess)
    local message = choose(frame.direction, frame.code, data, from + body_offset, from + frame.body_end)
    local name = message and message.name or "unknown"
    local tree = root:add(cti, tvb(from, size), "CTI " .. frame.direction .. ": " .. name)
    local key = place_of(pinfo, stream)

    tree:add(header.message, name):set_generated()
    tree:add(header.direction, frame.direction):set_generated()
    tree:add(header.token, tvb(from, 8))
    tree:add_le(header.length, tvb(from + 8, 4))
    local code = tree:add_le(header.code, tvb(from + 12, 4))
    code:append_text(" (" .. name .. ")")
    tree:add_le(header.extended, tvb(from + 16, 4))

    local reader = { data = data, tvb = tvb, at = from + body_offset, stop = from + frame.body_end, tree = tree,
        values = {}, lists = 0, answers = message and message.answers_to }
    first_problem = nil
    if not message then
        problem(code, "unknown_command", string.format("no %s is declared for the code 0x%08X", frame.direction,
            frame.code))
        if reader.stop > reader.at then tree:add(unknown_body, tvb(reader.at, reader.stop - reader.at)) end
    elseif message.form == "json" then
        json_body(reader, message)
    else
        walk(reader, message.layout)
        if not reader.ended and reader.at < reader.stop then
            local item = tree:add(header.surplus, tvb(reader.at, reader.stop - reader.at))
            local surplus = reader.stop - reader.at
            if not surplus_allowed(reader, message.surplus, surplus) then
                problem(item, "surplus", surplus .. " bytes stand behind the last field")
            end
        end
    end
    local asked = message and message.names_command and reader.values[message.names_command]
    if asked then
        local request = (by_code.request[asked] or {})[1]
        reader.refused = "unknown command " .. (request and request.name or string.format("0x%08X", asked))
        tree:add_proto_expert_info(experts.refused, string.format("%s answered with an error: %s",
            request and request.effect or "command", reader.refused))
    end
    local status = tree
    if frame.checksum_at then
        status = tree:add_le(header.checksum, tvb(from + frame.checksum_at, 2))
        tree:add(header.status, tvb(from + frame.checksum_at, 2), frame.bad and 0 or 1):set_generated()
    end
    for _, one in ipairs(frame.problems) do problem(one[1] == "checksum" and status or tree, one[1], one[2]) end

    if not seen[key] then
        seen[key] = true
        local time = frame_time().value
        if message and frame.direction == "request" then
            clients[stream] = pinfo.src_port
            -- One that a cycler drops has no answer to be expected.
            if not frame.dropped then remember(stream, key, message, reader.values, pinfo.number, time) end
        elseif message then
            answer(stream, key, message, reader.values, pinfo.number, time)
        end
    end
    add_link(tree, links[key])

    local info = (frame.direction == "request" and "> " or "< ") .. name
    if reader.refused then info = info .. " (" .. reader.refused .. ")" end
    if first_problem then info = info .. " [" .. first_problem .. "]" end
    pinfo.cols.info:append((key:match(":1$") and "" or ", ") .. info)
end

local function more(pinfo, at, missing)
    pinfo.desegment_offset = at
    pinfo.desegment_len = missing > 0 and missing or DESEGMENT_ONE_MORE_SEGMENT
end

function cti.dissector(tvb, pinfo, root)
    local data = tvb:raw()
    local at, found = 0, false
    while at < #data do
        local start = find_token(data, at)
        if not start then
            -- A token may begin at the very end.
            for size = math.min(#token - 1, #data - at), 1, -1 do
                if string.sub(data, -size) == string.sub(token, 1, size) then
                    if #data - size > at and not found then break end
                    start = #data - size
                    break
                end
            end
            if start and (found or start == 0) then
                more(pinfo, start, 0)
                return #data
            end
            if not found then return 0 end
            root:add(cti, tvb(at), "CTI: stray bytes"):add(header.stray, tvb(at))
            return #data
        end
        local size, direction = frame_at(data, start)
        if size == nil then
            if found or start > at then pinfo.cols.protocol = "CTI" end
            more(pinfo, start, direction)
            return #data
        end
        if not found then
            found = true
            pinfo.cols.protocol = "CTI"
            if not pinfo.private["cti_messages"] then pinfo.cols.info = "" end
        end
        if start > at then
            local item = root:add(cti, tvb(at, start - at), "CTI: stray bytes")
            problem(item:add(header.stray, tvb(at, start - at)), "stray",
                string.format("%d bytes that belong to no frame", start - at))
        end
        if size == 0 then
            at = start + #token
        else
            dissect_frame(tvb, data, start, size, direction, pinfo, root)
            at = start + size
        end
    end
    return #data
end

-- On any port: by the token, or by its beginning where a segment holds no more.
local function recognise(tvb, pinfo, root)
    local data = tvb:raw()
    if find_token(data, 0) then
        pinfo.conversation = cti
        cti.dissector(tvb, pinfo, root)
        return true
    end
    if #data > 0 and #data < #token and data == string.sub(token, 1, #data) then
        more(pinfo, 0, 0)
        return true
    end
    return false
end

cti:register_heuristic("tcp", recognise)
for _, port in ipairs(ports) do DissectorTable.get("tcp.port"):add(port, cti) end
