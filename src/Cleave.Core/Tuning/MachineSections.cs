using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Listing;

namespace Cleave.Core.Tuning;

/// <summary>What was measured on one kind of machine.</summary>
internal interface IMachineSection
{
    MachineSignature Machine { get; }
}

/// <summary>
/// A file of sections, one for each kind of machine, as text that is written as listings are. Sections are sorted, and each stands by itself, so that those of several machines
/// merge in version control. Immutable.
/// </summary>
/// <param name="sections">Sorted, one for each machine.</param>
internal sealed class MachineSections<T>(IReadOnlyList<T> sections)
    where T : class, IMachineSection
{
    // Raised where lines or fields are added, in either kind of file: readers from before say so then, and leave the file as it is, where they would lose what is new when they write.
    private const long Version = 2;
    private const long FirstVersion = 1;

    public static readonly MachineSections<T> Empty = new([]);

    public IReadOnlyList<T> All => sections;

    /// <summary>The section of a machine; null where there is none.</summary>
    public T? Find(MachineSignature machine) => sections.FirstOrDefault(s => s.Machine == machine);

    /// <summary>The same, with this section in the place of the one of its machine.</summary>
    public MachineSections<T> With(T section) => Sorted(sections.Where(s => s.Machine != section.Machine).Append(section));

    /// <summary>Takes a file apart.</summary>
    /// <param name="text">The file.</param>
    /// <param name="firstLine">The word that it begins with.</param>
    /// <param name="what">What it is, for people.</param>
    /// <param name="readSection">Reads a section, from behind the word 'machine'.</param>
    /// <exception cref="ListingException">It is damaged, or of a later version.</exception>
    public static MachineSections<T> Read(string text, string firstLine, string what, Func<ListingScanner, T> readSection)
    {
        ListingScanner scanner = new(text.Replace("\r\n", "\n"));
        if (scanner.Keyword != firstLine)
            throw scanner.Error("this is no " + what);
        long version = scanner.Number();
        if (version is < FirstVersion or > Version)
            throw version > Version ? scanner.Later(version) : scanner.Error("this version is not known");
        scanner.NextLine();
        List<T> read = [];
        HashSet<MachineSignature> machines = [];
        while (!scanner.AtEnd)
        {
            if (scanner.Keyword != "machine" || scanner.Depth != 0)
                throw scanner.Error("'machine' is expected");
            T section = readSection(scanner);
            if (!machines.Add(section.Machine))
                throw scanner.Error("the machine has a section already: " + section.Machine.Words);
            read.Add(section);
        }
        return Sorted(read);
    }

    /// <summary>Writes all of it, in the same bytes for the same sections.</summary>
    /// <param name="firstLine">The word that it begins with.</param>
    /// <param name="writeSection">Writes what stands below a section's machine.</param>
    public string Write(string firstLine, Action<ListingText, T> writeSection)
    {
        using MemoryStream bytes = new();
        using (ListingText text = new(bytes))
        {
            text.Line(firstLine).Number(Version).End();
            foreach (T section in sections)
            {
                text.Line("machine").Text(section.Machine.Processor).Number(section.Machine.Cores).Text(section.Machine.OnnxRuntime);
                if (section.Machine.Precision.Length > 0)
                    text.Text(section.Machine.Precision);
                text.End();
                text.Indent();
                writeSection(text, section);
                text.Unindent();
            }
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static MachineSections<T> Sorted(IEnumerable<T> sections) => new([.. sections
        .OrderBy(s => s.Machine.Processor, StringComparer.Ordinal).ThenBy(s => s.Machine.Cores).ThenBy(s => s.Machine.OnnxRuntime, StringComparer.Ordinal)
        .ThenBy(s => s.Machine.Precision, StringComparer.Ordinal)]);
}
