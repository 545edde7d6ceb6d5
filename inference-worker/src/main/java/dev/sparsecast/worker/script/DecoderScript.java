package dev.sparsecast.worker.script;

import dev.sparsecast.checkpoint.BlockTraits;
import dev.sparsecast.checkpoint.GateActivation;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.worker.device.ComputeDevice;
import dev.sparsecast.worker.device.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * The TorchScript of a decoder, put together for one model, precision and kind of device.
 *
 * <p>Tokens of all sequences of a pass are rows of one matrix without padding, so that linear layers and norms do no idle
 * work. Only attention knows sequences: it takes runs of sequences of similar length, padded to the longest of the run.
 * Norms and statistics are computed in float32 whatever the precision.
 *
 * @param config the model's shape and in what its blocks differ from Llama's
 * @param precision of linear layers and attention
 * @param device on CPUs linear layers are oneDNN's fused ones, on GPUs PyTorch's plain ones
 */
public record DecoderScript(ModelConfig config, Precision precision, ComputeDevice device) {
    /** Name of the module's class. */
    public static final String NAME = "Decoder";

    /** Rows of a query block times the query heads of a key-value head: what one matrix product of attention has. */
    private static final int ATTENTION_ROWS = 384;

    /** Width of a run from which float32 attention goes head by head. */
    private static final int ONE_BY_ONE_FROM = 128;

    /** Tokens that a weight's packed layout is chosen for. */
    private static final int PACKED_FOR = 2048;

    /**
     * On processors the kernel for the moments of a batch norm, {@code μ = Σx/n} and {@code σ² = Σx²/n - μ²}, is two to five
     * times as fast as a square and two sums, and takes bfloat16 without a float32 copy. {@code Σx² = n (σ² + μ²)} cancels nothing.
     */
    private static final String MOMENTS = """
                      mean, variance = torch.batch_norm_update_stats(torch.slice(x, 0, first, last), zeros, ones, 0.)
                      _0 = torch.append(sums, torch.mul(torch.addcmul(variance, mean, mean), segments[i]))
                      _1 = torch.append(sums, torch.mul(mean, segments[i]))
                """;

    /** The archive that the engine loads. */
    public byte[] archive() {
        return ScriptArchive.of(NAME, text());
    }

    /** The module's code. */
    public String text() {
        String code = String.join(
                "\n",
                """
                class Decoder(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool\
                """,
                weights(),
                linears(),
                norm(),
                statistics(),
                angles(),
                rotation(),
                device.isGpu() ? sdpaRun() : mask() + "\n" + blockwiseRun(),
                attention(),
                block(),
                ends());
        return fill(code);
    }

    /** The weights that the script's {@code block} method takes in its list, in this order. */
    public List<BlockWeight> blockWeights() {
        BlockTraits traits = config.traits();
        List<BlockWeight> weights = new ArrayList<>();
        weights.add(BlockWeight.gain("input_layernorm"));
        weights.add(BlockWeight.matrix("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"));
        weights.add(BlockWeight.matrix("self_attn.o_proj"));
        weights.add(BlockWeight.gain("post_attention_layernorm"));
        weights.add(BlockWeight.matrix("mlp.gate_proj"));
        weights.add(BlockWeight.matrix("mlp.up_proj"));
        weights.add(BlockWeight.matrix("mlp.down_proj"));
        if (traits.queryKeyValueBias()) {
            weights.add(BlockWeight.bias("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"));
        }
        if (traits.attentionOutputBias()) {
            weights.add(BlockWeight.bias("self_attn.o_proj"));
        }
        if (traits.mlpBias()) {
            weights.add(BlockWeight.bias("mlp.gate_proj"));
            weights.add(BlockWeight.bias("mlp.up_proj"));
            weights.add(BlockWeight.bias("mlp.down_proj"));
        }
        if (traits.headNorms()) {
            weights.add(BlockWeight.gain("self_attn.q_norm"));
            weights.add(BlockWeight.gain("self_attn.k_norm"));
        }
        return List.copyOf(weights);
    }

    /** Index of a weight in the list, as text, or {@code None} if the model has none such. */
    private String weight(BlockWeight weight) {
        int index = blockWeights().indexOf(weight);
        return index < 0 ? "None" : "w[" + index + "]";
    }

    private String fill(String code) {
        int sharing = config.heads() / config.keyValueHeads();
        OptionalInt window = config.traits().slidingWindow();
        String lowest = window.isEmpty()
                ? "0"
                : "ops.prim.max(0, torch.sub(torch.add(before, first), " + (window.getAsInt() - 1) + "))";
        return code.replace("$SELF", "self: __torch__." + NAME)
                .replace("$COMPUTE", Integer.toString(precision.torchType()))
                .replace("$FLOAT32", Integer.toString(Precision.FLOAT32.torchType()))
                .replace("$EPSILON", number(config.rmsNormEpsilon()))
                .replace("$KV", Integer.toString(config.keyValueHeads()))
                .replace("$SHARING", Integer.toString(sharing))
                .replace("$HEADS", Integer.toString(config.heads()))
                .replace("$DIM", Integer.toString(config.headDim()))
                .replace("$HALF", Integer.toString(config.headDim() / 2))
                .replace("$QUERIES", Integer.toString(config.heads() * config.headDim()))
                .replace("$KEYS", Integer.toString(config.keyValueHeads() * config.headDim()))
                .replace("$LOWEST", lowest)
                .replace("$ONE_BY_ONE_FROM", Integer.toString(ONE_BY_ONE_FROM))
                .replace("$BLOCK", Integer.toString(Math.clamp(ATTENTION_ROWS / sharing, 64, 256)))
                .replace("$PACKED_FOR", Integer.toString(PACKED_FOR));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.17e", value);
    }

    /** From a file's bytes to what the linear layers take; nothing refers to the bytes afterwards. */
    private String weights() {
        String packed = device.isGpu() ? "whole" : "ops.mkldnn._reorder_linear_weight(whole, $PACKED_FOR)";
        return """
                  def floats($SELF, parts: List[Tensor], stored: List[int], wanted: int) -> Tensor:
                    converted = annotate(List[Tensor], [])
                    for i in range(torch.len(parts)):
                      part = torch.to(torch.view_copy(parts[i], dtype=stored[i]), wanted)
                      _0 = torch.append(converted, part)
                    if torch.eq(torch.len(converted), 1):
                      whole = converted[0]
                    else:
                      whole = torch.cat(converted, 0)
                    return whole
                  def matrix($SELF, parts: List[Tensor], stored: List[int]) -> Tensor:
                    whole = self.floats(parts, stored, $COMPUTE)
                    return PACKED
                  def gain($SELF, parts: List[Tensor], stored: List[int]) -> Tensor:
                    return GAIN
                  def bias($SELF, parts: List[Tensor], stored: List[int]) -> Tensor:
                    return self.floats(parts, stored, $COMPUTE)\
                """.replace("PACKED", packed).replace(
                "GAIN",
                config.traits().onePlusNorms()
                        ? "torch.add(self.floats(parts, stored, $FLOAT32), 1)"
                        : "self.floats(parts, stored, $FLOAT32)");
    }

    /** {@code x W^T + b}, and with what follows it in the same pass over memory. */
    private String linears() {
        if (device.isGpu()) {
            return """
                      def linear($SELF, x: Tensor, w: Tensor, b: Optional[Tensor]=None) -> Tensor:
                        return torch.linear(x, w, b)
                      def gate($SELF, x: Tensor, w: Tensor, b: Optional[Tensor]=None) -> Tensor:
                        return ACTIVATION
                      def linear_times($SELF, x: Tensor, w: Tensor, other: Tensor, b: Optional[Tensor]=None) -> Tensor:
                        return torch.mul_(torch.linear(x, w, b), other)
                      def linear_plus($SELF, x: Tensor, w: Tensor, other: Tensor, b: Optional[Tensor]=None) -> Tensor:
                        return torch.add_(torch.linear(x, w, b), other)\
                    """.replace(
                            "ACTIVATION",
                            switch (config.traits().activation()) {
                                case SILU -> "torch.silu(torch.linear(x, w, b))";
                                case GELU_TANH -> "torch.gelu(torch.linear(x, w, b), approximate=\"tanh\")";
                            });
        }
        boolean silu = config.traits().activation() == GateActivation.SILU;
        return """
                  def linear($SELF, x: Tensor, w: Tensor, b: Optional[Tensor]=None) -> Tensor:
                    none = annotate(List[Optional[number]], [])
                    return ops.mkldnn._linear_pointwise(x, w, b, "none", none, "")
                  def gate($SELF, x: Tensor, w: Tensor, b: Optional[Tensor]=None) -> Tensor:
                    none = annotate(List[Optional[number]], [])
                    return ops.mkldnn._linear_pointwise(x, w, b, "ACTIVATION", none, "ALGORITHM")
                  def linear_times($SELF, x: Tensor, w: Tensor, other: Tensor, b: Optional[Tensor]=None) -> Tensor:
                    return ops.mkldnn._linear_pointwise(x, other, w, b, "mul")
                  def linear_plus($SELF, x: Tensor, w: Tensor, other: Tensor, b: Optional[Tensor]=None) -> Tensor:
                    return ops.mkldnn._linear_pointwise(x, other, w, b, "add")\
                """.replace("ACTIVATION", silu ? "swish" : "gelu").replace("ALGORITHM", silu ? "" : "tanh");
    }

    /** {@code x / sqrt(mean(x²) + ε) · g} in float32 (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4). */
    private String norm() {
        return """
                  def norm($SELF, x: Tensor, gain: Tensor) -> Tensor:
                    floats = torch.to(x, $FLOAT32)
                    length = torch.linalg_vector_norm(floats, 2., [-1], True)
                    mean = torch.div_(torch.square_(length), torch.size(x, -1))
                    scale = torch.rsqrt_(torch.add_(mean, $EPSILON))
                    return torch.mul_(torch.MUL(floats, scale), gain)\
                """
                // Of bfloat16, the floats are a copy of our own.
                .replace("MUL", precision == Precision.FLOAT32 ? "mul" : "mul_");
    }

    /** {@code Σx²} and {@code Σx} over each of the segments that rows are split into: [segment, squares or plain, channel]. */
    private String statistics() {
        return """
                  def sums($SELF, x: Tensor, segments: List[int]) -> Tensor:
                BEFORE    sums = annotate(List[Tensor], [])
                    first = 0
                    for i in range(torch.len(segments)):
                      last = torch.add(first, segments[i])
                OF_SEGMENT      first = last
                    return torch.view(torch.stack(sums), [torch.len(segments), -1])\
                """.replace("BEFORE", device.isGpu() ? """
                    floats = torch.to(x, $FLOAT32)
                    squares = torch.square(floats)
                """ : """
                    device = ops.prim.device(x)
                    zeros = torch.zeros([torch.size(x, 1)], dtype=$FLOAT32, layout=None, device=device)
                    ones = torch.ones([torch.size(x, 1)], dtype=$FLOAT32, layout=None, device=device)
                """).replace("OF_SEGMENT", device.isGpu() ? """
                      _0 = torch.append(sums, torch.sum(torch.slice(squares, 0, first, last), [0]))
                      _1 = torch.append(sums, torch.sum(torch.slice(floats, 0, first, last), [0]))
                """ : MOMENTS);
    }

    /**
     * Rotary positions in the half-split form, from [token, head, channel] to [head, token, channel] and with query heads
     * that share a key-value head side by side: the order that attention reads.
     */
    private String rotation() {
        return """
                  def rotated($SELF, x: Tensor, rotary: List[Tensor], sharing: int) -> Tensor:
                    tokens = torch.size(x, 0)
                    out = torch.empty([$KV, tokens, sharing, $DIM], dtype=$COMPUTE, layout=None, device=ops.prim.device(x))
                    turned = torch.permute(out, [1, 0, 2, 3])
                    heads = torch.view(x, [tokens, $KV, sharing, $DIM])
                    cosines = torch.view(rotary[0], [tokens, 1, 1, $HALF])
                    sines = torch.view(rotary[1], [tokens, 1, 1, $HALF])
                    first = torch.slice(heads, 3, 0, $HALF)
                    second = torch.slice(heads, 3, $HALF, $DIM)
                    turned_first = torch.slice(turned, 3, 0, $HALF)
                    turned_second = torch.slice(turned, 3, $HALF, $DIM)
                    _0 = torch.mul(first, cosines, out=turned_first)
                    _1 = torch.addcmul_(turned_first, second, sines, value=-1)
                    _2 = torch.mul(second, cosines, out=turned_second)
                    _3 = torch.addcmul_(turned_second, first, sines)
                    return out\
                """;
    }

    /**
     * Cosines and sines of the angles {@code position · frequency}, rounded to float32 where transformers rounds, for queries
     * and for keys; those of queries times {@code 1/√d}, which scales the scores.
     */
    private String angles() {
        return """
                  def rotary($SELF, frequencies: Tensor, positions: Tensor) -> List[Tensor]:
                    angles = torch.mul(torch.unsqueeze(torch.to(positions, $FLOAT32), 1), frequencies)
                    cosines = torch.cos(angles)
                    sines = torch.sin(angles)
                    query_cosines = torch.to(torch.mul(cosines, SCALE), $COMPUTE)
                    query_sines = torch.to(torch.mul(sines, SCALE), $COMPUTE)
                    return [query_cosines, query_sines, torch.to(cosines, $COMPUTE), torch.to(sines, $COMPUTE)]
                  def triangle($SELF, like: Tensor) -> Tensor:
                    full = torch.full([$BLOCK, $BLOCK], -inf, dtype=$COMPUTE, layout=None, device=ops.prim.device(like))
                    return torch.triu(full, 1)\
                """.replace("SCALE", number(1 / Math.sqrt(config.headDim())));
    }

    /** Hides from queries {@code first} to {@code last} among keys {@code lowest} to {@code last} what they do not attend to. */
    private String mask() {
        String window = config.traits().slidingWindow().isEmpty()
                ? ""
                : """
                    if torch.gt(last, WINDOW):
                      device = ops.prim.device(scores)
                      queries = torch.arange(first, last, dtype=None, layout=None, device=device)
                      keys = torch.arange(lowest, last, dtype=None, layout=None, device=device)
                      hidden = torch.le(keys, torch.sub(torch.unsqueeze(queries, 1), WINDOW))
                      _1 = torch.masked_fill_(view, torch.unsqueeze(hidden, 1), -inf)
                    else:
                      pass
                """.replace(
                                "WINDOW",
                                Integer.toString(config.traits().slidingWindow().getAsInt()));
        return """
                  def hide($SELF, scores: Tensor, triangle: Tensor, lowest: int, first: int, last: int) -> Tensor:
                    rows = torch.sub(last, first)
                    view = torch.view(scores, [-1, rows, $SHARING, torch.sub(last, lowest)])
                    diagonal = torch.slice(view, 3, torch.sub(first, lowest), torch.sub(last, lowest))
                    part = torch.slice(torch.slice(triangle, 0, 0, rows), 1, 0, rows)
                    _0 = torch.add_(diagonal, torch.unsqueeze(part, 1))
                WINDOW    return scores\
                """.replace("WINDOW", window);
    }

    /**
     * {@code softmax(QK^T + M) V} for a run of sequences of one width, a block of queries at a time: a block never meets the
     * keys behind it, and a long sequence's scores never exist all at once. {@code before} keys of a shared prefix come before
     * each sequence's own. From [head, count · width, …] into [count · width, head · sharing · channel].
     */
    private String blockwiseRun() {
        String together = attendTogether();
        // PyTorch's float32 batched product is MKL's, which on AMD runs at less than half of oneDNN's speed.
        return precision == Precision.FLOAT32
                ? together.replace("def attend(", "def attend_together(") + "\n" + attendOneByOne()
                : together;
    }

    /** All heads of all sequences in one product a block. */
    private String attendTogether() {
        return """
                  def attend($SELF, q: Tensor, k: Tensor, v: Tensor, triangle: Tensor, count: int, before: int, width: int, out: Tensor) -> Tensor:
                    batch = torch.mul($KV, count)
                    queries = torch.view(q, [batch, torch.mul(width, $SHARING), $DIM])
                    keys = torch.transpose(torch.view(k, [batch, torch.add(before, width), $DIM]), 1, 2)
                    values = torch.view(v, [batch, torch.add(before, width), $DIM])
                    target = torch.permute(torch.view(out, [count, width, $KV, $SHARING, $DIM]), [2, 0, 1, 3, 4])
                    for i in range(torch.floordiv(torch.add(width, torch.sub($BLOCK, 1)), $BLOCK)):
                      first = torch.mul(i, $BLOCK)
                      last = ops.prim.min(torch.add(first, $BLOCK), width)
                      lowest = $LOWEST
                      block = torch.slice(queries, 1, torch.mul(first, $SHARING), torch.mul(last, $SHARING))
                      end = torch.add(before, last)
                      scores = torch.bmm(block, torch.slice(keys, 2, lowest, end))
                      weights = torch._softmax(self.hide(scores, triangle, lowest, torch.add(before, first), end), -1, False, out=scores)
                      mixed = torch.bmm(weights, torch.slice(values, 1, lowest, end))
                      rows = torch.slice(target, 2, first, last)
                      _0 = torch.copy_(rows, torch.view(mixed, [$KV, count, torch.sub(last, first), $SHARING, $DIM]))
                    return out\
                """;
    }

    /** Head by head and sequence by sequence, as oneDNN's linear layers, if the products are large enough to be worth it. */
    private String attendOneByOne() {
        return """
                  def attend($SELF, q: Tensor, k: Tensor, v: Tensor, triangle: Tensor, count: int, before: int, width: int, out: Tensor) -> Tensor:
                    if torch.lt(width, $ONE_BY_ONE_FROM):
                      return self.attend_together(q, k, v, triangle, count, before, width, out)
                    none = annotate(List[Optional[number]], [])
                    target = torch.view(out, [count, width, $KV, -1])
                    all_queries = torch.view(q, [$KV, count, torch.mul(width, $SHARING), $DIM])
                    all_keys = torch.view(k, [$KV, count, torch.add(before, width), $DIM])
                    all_values = torch.view(v, [$KV, count, torch.add(before, width), $DIM])
                    for s in range(count):
                      for h in range($KV):
                        queries = torch.select(torch.select(all_queries, 0, h), 0, s)
                        keys = torch.select(torch.select(all_keys, 0, h), 0, s)
                        values = torch.select(torch.select(all_values, 0, h), 0, s)
                        for i in range(torch.floordiv(torch.add(width, torch.sub($BLOCK, 1)), $BLOCK)):
                          first = torch.mul(i, $BLOCK)
                          last = ops.prim.min(torch.add(first, $BLOCK), width)
                          lowest = $LOWEST
                          block = torch.slice(queries, 0, torch.mul(first, $SHARING), torch.mul(last, $SHARING))
                          end = torch.add(before, last)
                          scores = ops.mkldnn._linear_pointwise(block, torch.slice(keys, 0, lowest, end), None, "none", none, "")
                          weights = torch._softmax(self.hide(scores, triangle, lowest, torch.add(before, first), end), -1, False, out=scores)
                          channels = torch.contiguous(torch.t(torch.slice(values, 0, lowest, end)))
                          mixed = ops.mkldnn._linear_pointwise(weights, channels, None, "none", none, "")
                          rows = torch.slice(torch.select(torch.select(target, 0, s), 1, h), 0, first, last)
                          _0 = torch.copy_(rows, torch.view(mixed, [torch.sub(last, first), -1]))
                    return out\
                """;
    }

    /** The same by PyTorch's own attention, which on GPUs is one fused kernel. */
    private String sdpaRun() {
        OptionalInt window = config.traits().slidingWindow();
        String masked = window.isEmpty() ? "torch.gt(before, 0)" : "True";
        String visible = window.isEmpty()
                ? "torch.tril(ones, before)"
                : "torch.tril(torch.triu(ones, torch.sub(before, " + (window.getAsInt() - 1) + ")), before)";
        return """
                  def attend($SELF, q: Tensor, k: Tensor, v: Tensor, triangle: Tensor, count: int, before: int, width: int, out: Tensor) -> Tensor:
                    total = torch.add(before, width)
                    shared = torch.permute(torch.view(q, [$KV, count, width, $SHARING, $DIM]), [1, 0, 3, 2, 4])
                    queries = torch.reshape(shared, [count, $HEADS, width, $DIM])
                    keys = torch.transpose(torch.view(k, [$KV, count, total, $DIM]), 0, 1)
                    values = torch.transpose(torch.view(v, [$KV, count, total, $DIM]), 0, 1)
                    if MASKED:
                      ones = torch.ones([width, total], dtype=11, layout=None, device=ops.prim.device(q))
                      mixed = torch.scaled_dot_product_attention(queries, keys, values, VISIBLE, 0., False, scale=1., enable_gqa=True)
                    else:
                      mixed = torch.scaled_dot_product_attention(queries, keys, values, None, 0., True, scale=1., enable_gqa=True)
                    target = torch.view(out, [count, width, $HEADS, $DIM])
                    return torch.copy_(target, torch.transpose(mixed, 1, 2))\
                """.replace("MASKED", masked).replace("VISIBLE", visible);
    }

    /**
     * Attention of a whole pass: [token, channel] of q, k and v together to [token, channel] of all heads. {@code runs} holds
     * four numbers a run: how many sequences, how many positions of a shared prefix come before each, its width, and 1 if
     * its rows are to be gathered. Then it has three tensors in {@code padding}: the rows of its queries [count · width] and
     * of its keys [count · (before + width)], and the places of its own rows among the former.
     */
    private String attention() {
        String headNorms = !config.traits().headNorms()
                ? ""
                : """
                    q = torch.to(self.norm(torch.reshape(q, [tokens, $HEADS, $DIM]), QUERY_NORM), $COMPUTE)
                    k = torch.to(self.norm(torch.reshape(k, [tokens, $KV, $DIM]), KEY_NORM), $COMPUTE)
                """.replace("QUERY_NORM", weight(BlockWeight.gain("self_attn.q_norm")))
                        .replace("KEY_NORM", weight(BlockWeight.gain("self_attn.k_norm")));
        return """
                  def attention($SELF, qkv: Tensor, w: List[Tensor], rotary: List[Tensor], triangle: Tensor, runs: List[int], padding: List[Tensor]) -> Tensor:
                    tokens = torch.size(qkv, 0)
                    q = torch.slice(qkv, 1, 0, $QUERIES)
                    k = torch.slice(qkv, 1, $QUERIES, torch.add($QUERIES, $KEYS))
                    v = torch.slice(qkv, 1, torch.add($QUERIES, $KEYS))
                HEAD_NORMS    queries = self.rotated(q, [rotary[0], rotary[1]], $SHARING)
                    keys = self.rotated(k, [rotary[2], rotary[3]], 1)
                    values = torch.contiguous(torch.permute(torch.view(v, [tokens, $KV, 1, $DIM]), [1, 0, 2, 3]))
                    out = torch.empty([tokens, $QUERIES], dtype=$COMPUTE, layout=None, device=ops.prim.device(qkv))
                    first = 0
                    padded = 0
                    for i in range(torch.floordiv(torch.len(runs), 4)):
                      count = runs[torch.mul(i, 4)]
                      before = runs[torch.add(torch.mul(i, 4), 1)]
                      width = runs[torch.add(torch.mul(i, 4), 2)]
                      if torch.eq(runs[torch.add(torch.mul(i, 4), 3)], 0):
                        last = torch.add(first, torch.mul(count, width))
                        q1 = torch.contiguous(torch.slice(queries, 1, first, last))
                        k1 = torch.contiguous(torch.slice(keys, 1, first, last))
                        v1 = torch.contiguous(torch.slice(values, 1, first, last))
                        _0 = self.attend(q1, k1, v1, triangle, count, 0, width, torch.slice(out, 0, first, last))
                      else:
                        query_rows = padding[padded]
                        key_rows = padding[torch.add(padded, 1)]
                        places = padding[torch.add(padded, 2)]
                        padded = torch.add(padded, 3)
                        last = torch.add(first, torch.size(places, 0))
                        q2 = torch.index_select(queries, 1, query_rows)
                        k2 = torch.index_select(keys, 1, key_rows)
                        v2 = torch.index_select(values, 1, key_rows)
                        scratch = torch.empty([torch.mul(count, width), $QUERIES], dtype=$COMPUTE, layout=None, device=ops.prim.device(qkv))
                        _1 = self.attend(q2, k2, v2, triangle, count, before, width, scratch)
                        _2 = torch.copy_(torch.slice(out, 0, first, last), torch.index_select(scratch, 0, places))
                      first = last
                    return out\
                """.replace("HEAD_NORMS", headNorms);
    }

    /** One decoder block: the residual stream after it, and the sums of its four taps side by side. */
    private String block() {
        return """
                  def block($SELF, x: Tensor, w: List[Tensor], rotary: List[Tensor], triangle: Tensor, runs: List[int], padding: List[Tensor], segments: List[int]) -> List[Tensor]:
                    counted = torch.gt(torch.len(segments), 0)
                    sums = annotate(List[Tensor], [])
                    attention_input = self.norm(x, INPUT_NORM)
                    if counted:
                      _0 = torch.append(sums, self.sums(attention_input, segments))
                    else:
                      pass
                    qkv = self.linear(torch.to(attention_input, $COMPUTE), QKV, QKV_BIAS)
                    attention_output = self.attention(qkv, w, rotary, triangle, runs, padding)
                    if counted:
                      _1 = torch.append(sums, self.sums(attention_output, segments))
                    else:
                      pass
                    middle = self.linear_plus(attention_output, OUTPUT, x, OUTPUT_BIAS)
                    mlp_input = self.norm(middle, MLP_NORM)
                    if counted:
                      _2 = torch.append(sums, self.sums(mlp_input, segments))
                    else:
                      pass
                    mlp = torch.to(mlp_input, $COMPUTE)
                    mlp_hidden = self.linear_times(mlp, UP, self.gate(mlp, GATE, GATE_BIAS), UP_BIAS)
                    if counted:
                      _3 = torch.append(sums, self.sums(mlp_hidden, segments))
                      all_sums = torch.cat(sums, 1)
                    else:
                      all_sums = attention_input
                    return [self.linear_plus(mlp_hidden, DOWN, middle, DOWN_BIAS), all_sums]\
                """.replace("INPUT_NORM", weight(BlockWeight.gain("input_layernorm")))
                .replace("MLP_NORM", weight(BlockWeight.gain("post_attention_layernorm")))
                .replace(
                        "QKV_BIAS",
                        weight(BlockWeight.bias("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")))
                .replace("QKV", weight(BlockWeight.matrix("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")))
                .replace("OUTPUT_BIAS", weight(BlockWeight.bias("self_attn.o_proj")))
                .replace("OUTPUT", weight(BlockWeight.matrix("self_attn.o_proj")))
                .replace("GATE_BIAS", weight(BlockWeight.bias("mlp.gate_proj")))
                .replace("GATE", weight(BlockWeight.matrix("mlp.gate_proj")))
                .replace("UP_BIAS", weight(BlockWeight.bias("mlp.up_proj")))
                .replace("UP", weight(BlockWeight.matrix("mlp.up_proj")))
                .replace("DOWN_BIAS", weight(BlockWeight.bias("mlp.down_proj")))
                .replace("DOWN", weight(BlockWeight.matrix("mlp.down_proj")));
    }

    /** What comes before the first block and after the last: embedding, logits, and ln p of given tokens. */
    private String ends() {
        String scale = config.traits().scaledEmbedding() ? number(Math.sqrt(config.hiddenSize())) : "";
        return """
                  def embed($SELF, table: Tensor, ids: Tensor) -> Tensor:
                    rows = torch.to(torch.embedding(table, ids), $COMPUTE)
                    return SCALED
                  def logits($SELF, x: Tensor, gain: Tensor, head: Tensor, rows: Tensor) -> Tensor:
                    hidden = torch.to(self.norm(torch.index_select(x, 0, rows), gain), $COMPUTE)
                    return torch.to(self.linear(hidden, head, None), $FLOAT32)
                  def log_likelihoods($SELF, x: Tensor, gain: Tensor, head: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
                    predicted = torch.log_softmax(self.logits(x, gain, head, rows), -1)
                    return torch.squeeze(torch.gather(predicted, 1, torch.unsqueeze(targets, 1)), 1)
                """.replace("SCALED", scale.isEmpty() ? "rows" : "torch.mul(rows, " + scale + ")");
    }
}
