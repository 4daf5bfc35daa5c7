using System;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave.Logging;

/// <summary>The application's logger, whose exceptions end nothing: on a thread of ours one would end the process.</summary>
internal sealed class QuietLogger : ILogger
{
    private readonly ILogger _logger;

    private QuietLogger(ILogger logger) => _logger = logger;

    public static ILogger Of(ILogger? logger) => logger is null ? NullLogger.Instance : new QuietLogger(logger);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return _logger.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            _logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // There is nowhere else to say it.
        }
    }
}
