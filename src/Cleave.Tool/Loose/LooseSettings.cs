using System;
using System.Collections.Generic;
using System.Globalization;
using System.Reflection;
using Cleave.Generator.Model;

namespace Cleave.Tool.Loose;

/// <summary>Sets what generated code would set of <c>RunnerOptions</c>.</summary>
internal static class LooseSettings
{
    public static void Apply(IEnumerable<SettingSpec> settings, RunnerOptions options)
    {
        foreach (SettingSpec setting in settings)
        {
            object owner = setting.Owner switch
            {
                "" => options,
                nameof(RunnerOptions.Batching) => options.Batching ??= new(),
                nameof(RunnerOptions.Device) => options.Device ??= new(),
                nameof(RunnerOptions.Parts) => options.Parts ??= new(),
                _ => throw new RefusedException($"The setting {setting.Owner}.{setting.Property} is not known."),
            };
            PropertyInfo property = owner.GetType().GetProperty(setting.Property)!;
            property.SetValue(owner, Value(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, setting.Value));
        }
    }

    private static object Value(Type type, string text)
    {
        if (type.IsEnum)
            return Enum.Parse(type, text);
        return type == typeof(TimeSpan)
            ? TimeSpan.FromTicks(long.Parse(text, CultureInfo.InvariantCulture))
            : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
    }
}
