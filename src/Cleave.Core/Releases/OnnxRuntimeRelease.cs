using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.Core.Releases;

/// <summary>What a release of ONNX Runtime loads: the highest IR version, and the highest version of each standard operator set.</summary>
internal sealed record OnnxRuntimeRelease(int Major, int Minor, long IrVersion, (string Domain, long Version)[] Opsets)
{
    /// <summary>The first and the last release in the table: <c>1.29 to 1.31</c>.</summary>
    public static string Known => ReleaseTable.Releases[0].Number + " to " + ReleaseTable.Releases[ReleaseTable.Releases.Length - 1].Number;

    public string Number => Major.ToString(CultureInfo.InvariantCulture) + "." + Minor.ToString(CultureInfo.InvariantCulture);

    /// <summary>The oldest release that runners work with.</summary>
    public static OnnxRuntimeRelease Lowest => ReleaseTable.Releases[0];

    /// <summary>The release that a package's version belongs to; null where the table has none.</summary>
    public static OnnxRuntimeRelease? Of(string packageVersion) =>
        NumberOf(packageVersion) is { } number ? Array.Find(ReleaseTable.Releases, r => r.Major == number.Major && r.Minor == number.Minor) : null;

    /// <summary>Whether a package's version is of a release before <see cref="Lowest"/>.</summary>
    public static bool IsTooOld(string packageVersion) => NumberOf(packageVersion) is { } number && number.CompareTo((Lowest.Major, Lowest.Minor)) < 0;

    /// <summary>Of several packages' versions, with spaces between, that of the highest release; "" of none.</summary>
    public static string HighestOf(string packageVersions) =>
        packageVersions.Split([' '], StringSplitOptions.RemoveEmptyEntries).OrderByDescending(static v => NumberOf(v) ?? (-1, 0)).FirstOrDefault() ?? "";

    private static (int Major, int Minor)? NumberOf(string packageVersion)
    {
        string[] parts = packageVersion.Split('.', '-', '+');
        return parts.Length >= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? (major, minor)
            : null;
    }

    /// <summary>The first release in the table for which something holds.</summary>
    public static OnnxRuntimeRelease? First(Func<OnnxRuntimeRelease, bool> holds) => ReleaseTable.Releases.FirstOrDefault(holds);

    /// <summary>The highest version of an operator set; null where it is none of the standard ones.</summary>
    public long? Highest(string domain)
    {
        foreach ((string name, long version) in Opsets)
        {
            if (name == domain)
                return version;
        }
        return null;
    }
}

/// <summary>An operator of a standard set: the first version of the set that has it, and the first that has it no more.</summary>
internal sealed record StandardOperator(string Domain, string Name, long First, long? Removed)
{
    private static readonly Dictionary<(string Domain, string Name), StandardOperator> All = Read();

    /// <summary>The names in a set.</summary>
    public static IEnumerable<string> Names(string domain) => All.Keys.Where(k => k.Domain == domain).Select(k => k.Name);

    public static StandardOperator? Find(string domain, string name) => All.TryGetValue((domain, name), out StandardOperator? found) ? found : null;

    private static Dictionary<(string, string), StandardOperator> Read()
    {
        Dictionary<(string, string), StandardOperator> all = [];
        foreach (string line in ReleaseTable.Operators.Split('\n'))
        {
            string[] fields = line.Trim().Split(' ');
            if (fields.Length != 4)
                continue;
            string domain = fields[0] == "ai.onnx" ? "" : fields[0];
            all.Add((domain, fields[1]), new(domain, fields[1], Number(fields[2]), fields[3] == "-" ? null : Number(fields[3])));
        }
        return all;
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
