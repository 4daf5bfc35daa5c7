using System.Globalization;
using Cleave.Core.Diagnostics;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Modes;
using Cleave.Plans;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Devices.Dispatch;

/// <summary>Opens the accelerator that a model was planned for, as the policy says.</summary>
internal static class DeviceModeOpener
{
    /// <param name="definition">The model.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="cores">The runner's cores.</param>
    /// <param name="place">The place of the mode among the runner's.</param>
    /// <param name="sessions">Makes sessions.</param>
    /// <param name="ledger">Knows how many cores are used.</param>
    /// <param name="logger">Gets a line that says what runs where, or a warning that the CPU takes over.</param>
    /// <returns>Null where the model is for the CPU.</returns>
    /// <exception cref="CleaveException">It cannot be opened, and the policy is <see cref="DevicePolicy.Require"/>.</exception>
    public static DeviceMode? Open(ModelDefinition definition, RunnerOptions options, int cores, int place, SessionTable sessions, CoreLedger ledger, ILogger logger)
    {
        DeviceOptions asked = options.Device ?? new();
        if (options.IsTrial || asked.Decided == DevicePolicy.Never)
            return null;
        if (definition.Device is not { } chosen)
        {
            return asked.Decided == DevicePolicy.Prefer ? null : throw new DeviceUnavailableException(
                "of " + definition.Name, "the model was planned for the CPU alone", "set Accelerator=\"Cuda\" on its item, and see what the build says of it");
        }
        if (!sessions.CanSplit && chosen.Plan.IsSplit)
            return Refused(definition, asked, new DeviceUnavailableException(chosen.Kind, "with Slicing off there is one session", "set RunnerOptions.Slicing"), logger);
        if (asked.Decided == DevicePolicy.Prefer && cores >= chosen.FewerCoresThan)
        {
            string why = $"with {cores.ToString(CultureInfo.InvariantCulture)} cores the CPU alone is predicted to do as well";
            Log.NoDeviceNeeded(logger, definition.Name, why);
            return new DeviceMode(definition.Name, asked.Decided, mode: null, why, logger);
        }
        IDevice? device = null;
        OpenedPlan? plan = null;
        try
        {
            device = DeviceFinder.Open(chosen.Kind, asked);
            plan = OpenedPlan.OpenOn(device, definition, chosen, sessions);
            RunnerMode mode = new(definition, plan, new LaneSettings(ledger, plan.HasCores(cores), options.Timeline), place, oneAtATime: false, logger);
            DeviceMode opened = new(definition.Name, asked.Decided, mode, whyNot: null, logger);
            Log.DeviceOpened(logger, definition.Name, device.Name, string.Join("; ", opened.Segments), device.MemoryUsed / 1048576.0);
            return opened;
        }
        catch (CleaveException e)
        {
            Free(device, plan);
            return Refused(definition, asked, e, logger);
        }
        catch
        {
            Free(device, plan);
            throw;
        }
    }

    private static void Free(IDevice? device, OpenedPlan? plan)
    {
        plan?.Device?.Dispose();
        device?.Dispose();
    }

    // A plan that does not run through is wrong on every machine.
    private static DeviceMode Refused(ModelDefinition definition, DeviceOptions asked, CleaveException why, ILogger logger)
    {
        if (asked.Decided == DevicePolicy.Require || why.Id == Rules.PlanBroken.Id)
            throw why;
        Log.NoDevice(logger, definition.Name, why.Message, why);
        return new DeviceMode(definition.Name, asked.Decided, mode: null, why.Message, logger);
    }
}
