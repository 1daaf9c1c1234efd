#!/usr/bin/env python3
"""Export HTDemucs (v4) to ONNX for onnxruntime(-node).

  python export.py --checkpoint 955717e8-8726e21a.th --out htdemucs.onnx
  python export.py --random 4|6 --seed 0 --out htdemucs_rand4.onnx      (architecture test)
  python export.py --random 4 --toy --check --out toy.onnx                 (the same at toy width: test/models/separation)
  --stft outside|conv     outside: inputs mix[1,2,N] + spec[1,4,2048,T] -> out_spec[1,S,4,2048,T] + out_time[1,S,2,N]
                          conv   : input  mix[1,2,N] -> output stems[1,S,2,N] (STFT/iSTFT are Conv/ConvTranspose)
  --exporter legacy|dynamo, --fp16 (weights stored fp16 + Cast), --int8 (dynamic quantisation of MatMul)
Nothing is downloaded; a demucs .th file is a pickle: only load ones you trust.
"""
import argparse, math, os, sys, types
from fractions import Fraction
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# ---------------------------------------------------------------- hyper-parameters
HT = dict(audio_channels=2, channels=48, growth=2, nfft=4096, cac=True, depth=4, rewrite=True,
          freq_emb=0.2, emb_scale=10, emb_smooth=True, kernel_size=8, stride=4, time_stride=2,
          context=1, context_enc=0, norm_starts=4, norm_groups=4, dconv_mode=3, dconv_depth=2,
          dconv_comp=8, dconv_init=1e-3, t_layers=5, t_hidden_scale=4.0, t_heads=8, t_dropout=0.02,
          samplerate=44100, segment=Fraction(39, 5))
SRC4 = ["drums", "bass", "other", "vocals"]
SRC6 = SRC4 + ["guitar", "piano"]


# Toy width: every kind of layer once or twice, half a second a segment.
TOY = dict(HT, channels=4, t_layers=2, t_heads=2, t_hidden_scale=2.0, dconv_comp=4, dconv_depth=1, segment=Fraction(1, 2))


def random_model(n, seed=0, toy=False):
    from demucs.htdemucs import HTDemucs
    torch.manual_seed(seed)
    if toy:
        m = HTDemucs(SRC4 if n == 4 else SRC6, bottom_channels=16 if n == 4 else 0, **TOY)
    elif n == 4:
        m = HTDemucs(SRC4, bottom_channels=512, **HT)
    else:
        m = HTDemucs(SRC6, bottom_channels=0, **HT)
    # make the random net "alive": unit-ish layer scales so parity tests exercise every branch
    for k, p in m.named_parameters():
        if k.endswith("scale") or "gamma" in k:
            p.data.fill_(0.3)
    return m.eval()


def load_checkpoint(path):
    from demucs.states import load_model
    pkg = torch.load(path, map_location="cpu", weights_only=False)
    return load_model(pkg).eval()


# ---------------------------------------------------------------- exportable pieces
class MHA(nn.Module):
    """Plain-op replacement of nn.MultiheadAttention (batch_first, eval, no mask)."""
    def __init__(self, a):
        super().__init__()
        self.h, d = a.num_heads, a.embed_dim
        self.d = d
        w, b = a.in_proj_weight.data, a.in_proj_bias.data
        self.q, self.k, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        for i, l in enumerate((self.q, self.k, self.v)):
            l.weight.data = w[i * d:(i + 1) * d].clone()
            l.bias.data = b[i * d:(i + 1) * d].clone()
        s = 1 / math.sqrt(d // self.h)
        self.q.weight.data *= s
        self.q.bias.data *= s
        self.o = a.out_proj
        self.batch_first = True

    def forward(self, q, k, v, attn_mask=None, need_weights=False, key_padding_mask=None, **kw):
        B, T, _ = q.shape
        S = k.shape[1]
        hd = self.d // self.h
        qh = self.q(q).reshape(B, T, self.h, hd).transpose(1, 2)
        kh = self.k(k).reshape(B, S, self.h, hd).permute(0, 2, 3, 1)
        vh = self.v(v).reshape(B, S, self.h, hd).transpose(1, 2)
        w = torch.softmax(qh @ kh, dim=-1)
        y = (w @ vh).transpose(1, 2).reshape(B, T, self.d)
        return self.o(y), None


class GN1(nn.Module):
    """nn.GroupNorm(1, C) on [B, C, T] with a two-stage mean: ORT's InstanceNormalization / one-shot ReduceMean
    accumulate ~1e7 values in fp32 and cost ~50 dB of parity."""
    def __init__(self, g):
        super().__init__()
        assert g.num_groups == 1
        self.eps = g.eps
        self.register_buffer("w", g.weight.data[None, :, None].clone())
        self.register_buffer("b", g.bias.data[None, :, None].clone())

    def forward(self, x):
        d = x - x.mean(2, keepdim=True).mean(1, keepdim=True)
        v = mean_square(d).mean(1, keepdim=True)
        return d * (self.w / torch.sqrt(v + self.eps)) + self.b


def mean_square(x):
    """Mean of x² along the last axis, kept; one pass (ReduceL2), no square of the whole in memory."""
    return torch.linalg.vector_norm(x, dim=-1, keepdim=True) ** 2 / x.shape[-1]


def half(conv, which):
    """The convolution that gives the first or the second half of another one's channels."""
    n = conv.out_channels // 2
    cut = slice(which * n, (which + 1) * n)
    new = type(conv)(conv.in_channels, n, conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    new.weight.data, new.bias.data = conv.weight.data[cut].clone(), conv.bias.data[cut].clone()
    return new


class GluConv(nn.Module):
    """A convolution and its gate as two convolutions: no Split of the whole, and the runtime fuses the sigmoid."""
    def __init__(self, conv):
        super().__init__()
        self.a, self.b = half(conv, 0), half(conv, 1)

    def forward(self, x):
        return self.a(x) * torch.sigmoid(self.b(x))


class NormGluConv(nn.Module):
    """Convolution, GroupNorm(1, 2C), gate and LayerScale of a DConv layer; the scale goes into the norm's weights."""
    def __init__(self, conv, norm, scale):
        super().__init__()
        assert norm.num_groups == 1
        self.a, self.b, self.eps = half(conv, 0), half(conv, 1), norm.eps
        for name, t in (("w", norm.weight.data), ("c", norm.bias.data)):
            first, second = t.chunk(2)
            self.register_buffer(name + "a", (first * scale.scale.data)[None, :, None].clone())
            self.register_buffer(name + "b", second[None, :, None].clone())

    def forward(self, x):
        a, b = self.a(x), self.b(x)
        m = 0.5 * (a.mean(2, keepdim=True).mean(1, keepdim=True) + b.mean(2, keepdim=True).mean(1, keepdim=True))
        a, b = a - m, b - m
        v = 0.5 * (mean_square(a).mean(1, keepdim=True) + mean_square(b).mean(1, keepdim=True))
        s = 1 / torch.sqrt(v + self.eps)
        return (a * (self.wa * s) + self.ca) * torch.sigmoid(b * (self.wb * s) + self.cb)


def encode(self, x, inject=None):
    """HEncLayer.forward with its gate inside of `rewrite`."""
    if not self.freq:
        if x.dim() == 4:
            x = x.view(x.shape[0], -1, x.shape[-1])
        if x.shape[-1] % self.stride:
            x = F.pad(x, (0, self.stride - x.shape[-1] % self.stride))
    y = self.conv(x)
    if self.empty:
        return y
    if inject is not None:
        y = y + (inject[:, :, None] if inject.dim() == 3 and y.dim() == 4 else inject)
    return self.rewrite(residual(self, F.gelu(y)))


def decode(self, x, skip, length):
    """HDecLayer.forward with its gate inside of `rewrite`."""
    if self.freq and x.dim() == 3:
        x = x.view(x.shape[0], self.chin, -1, x.shape[-1])
    y = x if self.empty else residual(self, self.rewrite(x + skip))
    z = self.conv_tr(y)
    if not self.freq:
        z = z[..., self.pad:self.pad + length]
    elif self.pad:
        z = z[..., self.pad:-self.pad, :]
    return (z if self.last else F.gelu(z)), y


def residual(layer, y):
    if not layer.dconv:
        return y
    if not layer.freq:
        return layer.dconv(y)
    B, C, Fr, T = y.shape
    y = layer.dconv(y.permute(0, 2, 1, 3).reshape(-1, C, T))
    return y.view(B, Fr, C, T).permute(0, 2, 1, 3)


def prepare(mod):
    """Puts the pieces above in the place of a model's own. The norms of its outer layers must be none (norm_starts)."""
    from demucs.demucs import DConv
    from demucs.hdemucs import HDecLayer, HEncLayer
    for n, c in mod.named_children():
        if isinstance(c, DConv):
            for k, (conv, norm, act, tail, tail_norm, _, scale) in enumerate(c.layers):
                c.layers[k] = nn.Sequential(conv, GN1(norm), act, NormGluConv(tail, tail_norm, scale))
        elif type(c) is nn.GroupNorm and c.num_groups == 1:
            setattr(mod, n, GN1(c))
        else:
            prepare(c)
        for kind, forward in ((HEncLayer, encode), (HDecLayer, decode)):
            if isinstance(c, kind) and not c.empty:
                assert all(isinstance(norm, nn.Identity) for norm in (c.norm1, c.norm2)) and c.rewrite is not None
                c.rewrite = GluConv(c.rewrite)
                c.forward = types.MethodType(forward, c)


def gn1(gn, x):
    """GroupNorm(1, C) over all of C*T of [B, T, C] input, as plain ops (demucs MyGroupNorm)."""
    m = x.mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)
    v = ((x - m) ** 2).mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)
    return (x - m) / torch.sqrt(v + gn.eps) * gn.weight + gn.bias


class SelfLayer(nn.Module):
    def __init__(self, l):
        super().__init__()
        self.l, self.a = l, MHA(l.self_attn)

    def forward(self, x):
        l = self.l
        n = l.norm1(x)
        x = x + l.gamma_1(self.a(n, n, n)[0])
        x = x + l.gamma_2(l.linear2(F.gelu(l.linear1(l.norm2(x)))))
        return gn1(l.norm_out, x) if l.norm_out is not None else x


class CrossLayer(nn.Module):
    def __init__(self, l):
        super().__init__()
        self.l, self.a = l, MHA(l.cross_attn)

    def forward(self, q, k):
        l = self.l
        kk = l.norm2(k)
        x = q + l.gamma_1(self.a(l.norm1(q), kk, kk)[0])
        x = x + l.gamma_2(l.linear2(F.gelu(l.linear1(l.norm3(x)))))
        return gn1(l.norm_out, x) if l.norm_out is not None else x


class ConvSTFT(nn.Module):
    """demucs _spec/_ispec (nfft 4096, hop 1024, normalised, periodic Hann) as Conv1d / ConvTranspose1d."""
    def __init__(self, n, nfft=4096):
        super().__init__()
        self.n, self.nfft, self.hop = n, nfft, nfft // 4
        self.le = math.ceil(n / self.hop)
        f = torch.arange(nfft // 2, dtype=torch.float64)[:, None]      # Nyquist bin dropped
        t = torch.arange(nfft, dtype=torch.float64)[None]
        w = torch.hann_window(nfft, dtype=torch.float64)
        ang = 2 * math.pi * ((f * t) % nfft) / nfft
        k = torch.cat([torch.cos(ang), -torch.sin(ang)], 0) * w / math.sqrt(nfft)
        self.register_buffer("fwd", k[:, None].float())
        wt = torch.full((nfft // 2, 1), 2.0, dtype=torch.float64)
        wt[0] = 1
        ik = torch.cat([wt * torch.cos(ang), -wt * torch.sin(ang)], 0) * w / math.sqrt(nfft)
        self.register_buffer("inv", ik[:, None].float())
        tot = nfft + (self.le + 3) * self.hop
        env = torch.zeros(tot, dtype=torch.float64)
        for i in range(self.le + 4):
            env[i * self.hop:i * self.hop + nfft] += w ** 2
        pad = self.hop // 2 * 3 + nfft // 2
        self.off = pad
        self.register_buffer("ienv", (1 / env[pad:pad + n]).float())

    def spec(self, x):                                   # [1,2,n] -> [1,4,2048,le]
        p = self.hop // 2 * 3
        x = F.pad(x, (p, p + self.le * self.hop - self.n), mode="reflect")
        # frames 2..2+le of a centred STFT: drop 2*hop of the centre padding => pad nfft/2-2*hop = 0 samples
        y = F.conv1d(x.transpose(0, 1), self.fwd, stride=self.hop)     # [2, 4096, F]
        y = y[..., :self.le]
        F2 = self.nfft // 2
        return y.reshape(1, 4, F2, self.le)              # channel order: L.re, L.im, R.re, R.im

    def ispec(self, z):                                  # [S*2, 2*2048, le] -> [S*2, n]
        z = F.pad(z, (2, 2))
        y = F.conv_transpose1d(z, self.inv, stride=self.hop)[:, 0]
        return y[:, self.off:self.off + self.n] * self.ienv


def std_(x, dims, n):
    m = x
    for d in reversed(dims):                             # staged: one axis at a time (fp32 accuracy in ORT)
        m = m.mean(dim=d, keepdim=True)
    v = (x - m) ** 2
    for d in reversed(dims):
        v = v.mean(dim=d, keepdim=True)
    return m, torch.sqrt(v * (n / (n - 1)))


class HTCore(nn.Module):
    def __init__(self, m, stft="outside"):
        super().__init__()
        self.m, self.mode = m, stft
        self.n = int(m.segment * m.samplerate)
        self.le = math.ceil(self.n / m.hop_length)
        self.S = len(m.sources)
        ct = m.crosstransformer
        if ct is not None:
            assert ct.emb == "sin" and ct.sin_random_shift == 0
            mk = lambda l: CrossLayer(l) if hasattr(l, "cross_attn") else SelfLayer(l)
            self.lf = nn.ModuleList([mk(l) for l in ct.layers])
            self.lt = nn.ModuleList([mk(l) for l in ct.layers_t])
            from demucs.transformer import create_2d_sin_embedding, create_sin_embedding
            C = m.bottom_channels or m.channels * 2 ** (m.depth - 1)
            Fr = (m.nfft // 2) // m.stride ** m.depth
            pe2 = create_2d_sin_embedding(C, Fr, self.le, "cpu", ct.max_period)
            self.register_buffer("pe2", pe2.permute(0, 3, 2, 1).reshape(1, -1, C).contiguous())
            T2 = self.n
            for _ in range(m.depth):
                T2 = math.ceil(T2 / m.stride)
            pe1 = create_sin_embedding(T2, C, shift=0, max_period=ct.max_period)
            self.register_buffer("pe1", pe1.permute(1, 0, 2).contiguous())
        if m.freq_emb is not None:
            fr = (m.nfft // 2) // m.stride
            e = m.freq_emb(torch.arange(fr)).t()[None, :, :, None] * m.freq_emb_scale
            self.register_buffer("femb", e.detach().clone())
        if stft == "conv":
            self.cs = ConvSTFT(self.n, m.nfft)

    def core(self, mix, x):
        m = self.m
        mean, std = std_(x, (1, 2, 3), x.shape[1] * x.shape[2] * x.shape[3])
        x = (x - mean) / (1e-5 + std)
        meant, stdt = std_(mix, (1, 2), mix.shape[1] * mix.shape[2])
        xt = (mix - meant) / (1e-5 + stdt)
        saved, saved_t, L, Lt = [], [], [], []
        for i, enc in enumerate(m.encoder):
            L.append(x.shape[-1])
            inject = None
            if i < len(m.tencoder):
                Lt.append(xt.shape[-1])
                xt = m.tencoder[i](xt)
                if not m.tencoder[i].empty:
                    saved_t.append(xt)
                else:
                    inject = xt
            x = enc(x, inject)
            if i == 0 and m.freq_emb is not None:
                x = x + self.femb
            saved.append(x)
        ct = m.crosstransformer
        if ct is not None:
            B, C, Fr, T = x.shape
            if m.bottom_channels:
                x = m.channel_upsampler(x.reshape(B, C, Fr * T)).reshape(B, -1, Fr, T)
                xt = m.channel_upsampler_t(xt)
            C2 = x.shape[1]
            x = x.permute(0, 3, 2, 1).reshape(B, T * Fr, C2)
            x = ct.norm_in(x) + ct.weight_pos_embed * self.pe2
            xt = ct.norm_in_t(xt.transpose(1, 2)) + ct.weight_pos_embed * self.pe1
            for i in range(ct.num_layers):
                if i % 2 == ct.classic_parity:
                    x, xt = self.lf[i](x), self.lt[i](xt)
                else:
                    x, xt = self.lf[i](x, xt), self.lt[i](xt, x)
            x = x.reshape(B, T, Fr, C2).permute(0, 3, 2, 1)
            xt = xt.transpose(1, 2)
            if m.bottom_channels:
                x = m.channel_downsampler(x.reshape(B, C2, Fr * T)).reshape(B, C, Fr, T)
                xt = m.channel_downsampler_t(xt)
        for i, dec in enumerate(m.decoder):
            x, pre = dec(x, saved.pop(-1), L.pop(-1))
            off = m.depth - len(m.tdecoder)
            if i >= off:
                td = m.tdecoder[i - off]
                lt = Lt.pop(-1)
                if td.empty:
                    xt, _ = td(pre[:, :, 0], None, lt)
                else:
                    xt, _ = td(xt, saved_t.pop(-1), lt)
        B = 1
        x = x.reshape(B, self.S, 4, m.nfft // 2, self.le) * std[:, None] + mean[:, None]
        xt = xt.reshape(B, self.S, 2, self.n) * stdt[:, None] + meant[:, None]
        return x, xt

    def forward(self, mix, spec=None):
        if self.mode == "outside":
            return self.core(mix, spec)
        x, xt = self.core(mix, self.cs.spec(mix))
        w = self.cs.ispec(x.reshape(self.S * 2, self.m.nfft, self.le))
        return w.reshape(1, self.S, 2, self.n) + xt


def outside_spec(m, mix):
    return m._magnitude(m._spec(mix))


def outside_sum(m, xs, xt):
    return m._ispec(m._mask(None, xs), int(m.segment * m.samplerate)) + xt


def to_fp16_storage(path, out):
    """fp32 graph, fp16 initialisers + Cast nodes (ORT folds the Cast at load: fp32 speed, half the file)."""
    import onnx
    from onnx import numpy_helper, helper, TensorProto
    g = onnx.load(path)
    new, casts = [], []
    for t in g.graph.initializer:
        a = numpy_helper.to_array(t)
        if a.dtype == np.float32 and a.size >= 1024 and np.abs(a).max() < 6e4:
            n16 = t.name + "_f16"
            new.append(numpy_helper.from_array(a.astype(np.float16), n16))
            casts.append(helper.make_node("Cast", [n16], [t.name], to=TensorProto.FLOAT, name="cast_" + t.name))
        else:
            new.append(t)
    del g.graph.initializer[:]
    g.graph.initializer.extend(new)
    nodes = casts + list(g.graph.node)
    del g.graph.node[:]
    g.graph.node.extend(nodes)
    onnx.save(g, out)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--checkpoint")
    ap.add_argument("--random", type=int, choices=[4, 6])
    ap.add_argument("--toy", action="store_true", help="with --random: a few hundred kB and 0.5 s segments")
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--stft", choices=["outside", "conv"], default="outside")
    ap.add_argument("--exporter", choices=["legacy", "dynamo"], default="legacy")
    ap.add_argument("--opset", type=int, default=17)
    ap.add_argument("--fp16", action="store_true")
    ap.add_argument("--int8", action="store_true")
    ap.add_argument("--fused-gn", action="store_true", help="keep nn.GroupNorm (exports as InstanceNormalization)")
    ap.add_argument("--check", action="store_true", help="compare with PyTorch through onnxruntime")
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    m = load_checkpoint(a.checkpoint) if a.checkpoint else random_model(a.random or 4, a.seed, a.toy)
    for p in m.parameters():
        p.requires_grad_(False)
    print("sources", m.sources, "params", sum(p.numel() for p in m.parameters()), "segment", m.segment)
    ref_m = m
    if not a.fused_gn:
        import copy
        m = copy.deepcopy(m)
        prepare(m)
    core = HTCore(m, a.stft).eval()
    mix = torch.randn(1, 2, core.n) * 0.1
    if a.stft == "outside":
        args, inn, outn = (mix, outside_spec(m, mix)), ["mix", "spec"], ["out_spec", "out_time"]
    else:
        args, inn, outn = (mix,), ["mix"], ["stems"]
    kw = dict(input_names=inn, output_names=outn, opset_version=a.opset)
    with torch.no_grad():
        if a.exporter == "legacy":
            torch.onnx.export(core, args, a.out, dynamo=False, do_constant_folding=True, **kw)
        else:
            kw["opset_version"] = max(a.opset, 18)
            torch.onnx.export(core, args, a.out, dynamo=True, external_data=False, **kw)
    import onnx
    g = onnx.load(a.out)
    for k, v in dict(sources=",".join(m.sources), samplerate=str(m.samplerate), segment_samples=str(core.n),
                     nfft=str(m.nfft), hop=str(m.hop_length), contract="htdemucs-" + a.stft).items():
        e = g.metadata_props.add(); e.key, e.value = k, v
    onnx.save(g, a.out)
    print(a.out, os.path.getsize(a.out))
    if a.fp16:
        o = a.out.replace(".onnx", ".fp16w.onnx"); to_fp16_storage(a.out, o); print(o, os.path.getsize(o))
    if a.int8:
        from onnxruntime.quantization import quantize_dynamic, QuantType
        o = a.out.replace(".onnx", ".int8mm.onnx")
        quantize_dynamic(a.out, o, op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8, per_channel=True)
        print(o, os.path.getsize(o))
    if a.check:
        import onnxruntime as ort
        s = ort.InferenceSession(a.out, providers=["CPUExecutionProvider"])
        with torch.no_grad():
            ref = ref_m(mix)
            if a.stft == 'outside':
                print('torch HTCore vs model max|d| %.3g' % (outside_sum(m, *core(*args)) - ref).abs().max())
        r = s.run(None, {i.name: x.numpy() for i, x in zip(s.get_inputs(), args)})
        y = outside_sum(m, torch.from_numpy(r[0]), torch.from_numpy(r[1])) if a.stft == "outside" else torch.from_numpy(r[0])
        d = (y - ref).abs().max().item()
        print("parity max|d| %.3g  ref peak %.3g  rms %.3g  SNR %.1f dB" % (d, ref.abs().max(), ref.std(), 10 * math.log10((ref ** 2).sum() / ((y - ref) ** 2).sum())))


if __name__ == "__main__":
    main()
