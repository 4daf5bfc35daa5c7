using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.TestKit.Damage;

/// <summary>A kind of damage: what is done to a model, and what must see it.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Seen">What it takes to see it.</param>
/// <param name="Ids">The ids that fit.</param>
/// <param name="Apply">Damages a model; null where this one has nothing to damage in that way.</param>
public sealed record DamageKind(string Name, Seen Seen, string[] Ids, Func<ModelProto, Random, string, DamagedModelParts?> Apply)
{
    /// <summary>Draws damages: kinds in turn, models at random, until there are enough.</summary>
    public static IEnumerable<DamagedModel> Draw(IReadOnlyList<(string Name, byte[] Bytes)> models, int count, int seed)
    {
        Random random = new(seed);
        int drawn = 0;
        for (int turn = 0; drawn < count; turn++)
        {
            DamageKind kind = DamageKinds.All[turn % DamageKinds.All.Count];
            // A kind that fits few models is tried on some others.
            foreach ((string name, byte[] bytes) in models.OrderBy(_ => random.Next()).Take(models.Count))
            {
                string file = $"m{drawn:000}";
                if (kind.Apply(ModelProto.Parser.ParseFrom(bytes), random, file) is not { } parts)
                    continue;
                yield return new DamagedModel(kind, name, parts.Files) { Metadata = parts.Metadata };
                drawn++;
                break;
            }
        }
    }
}

/// <summary>The files of a damaged model, the model itself under "", and its item metadata.</summary>
public sealed record DamagedModelParts(IReadOnlyDictionary<string, byte[]> Files, string Metadata = "")
{
    public static DamagedModelParts Of(ModelProto model, string metadata = "") => Of(model.ToByteArray(), metadata);

    public static DamagedModelParts Of(byte[] bytes, string metadata = "") => new(new Dictionary<string, byte[]> { [""] = bytes }, metadata);

    public static DamagedModelParts With(ModelProto model, params (string Name, byte[] Bytes)[] files) =>
        new(files.Append(("", model.ToByteArray())).ToDictionary(f => f.Item1, f => f.Item2));

    public static DamagedModelParts Missing { get; } = new(new Dictionary<string, byte[]>());
}
